import { describe, expect, jest, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Services } from '../../src/api/services.ts';
import { ASKERS, TABLE } from './authorization-table.ts';

const registered = new Set<string>();
/** In the place of the first plugin that the app takes, and in the app's own context: it sees every route. */
const listener = Object.assign(
  async (app: FastifyInstance) => {
    app.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) registered.add(`${one} ${url}`);
    });
  },
  { [Symbol.for('skip-override')]: true },
);
jest.unstable_mockModule('@fastify/cookie', () => ({ default: listener }));
// It reads no file here, and is a module that jest cannot load on Node 20.
jest.unstable_mockModule('@fastify/static', () => ({ default: async () => {} }));

async function registerRoutes(): Promise<string[]> {
  const { createApp } = await import('../../src/api/app.ts');
  const config = {
    publicUrl: 'https://bastion.example',
    trustProxy: [],
    requestsPerMinute: 600,
    sessionsPerUser: 5,
    metricsToken: null,
    webDirectory: '/nowhere',
  };
  // Routes are registered, never called: no service is needed.
  const parts = { files: {}, network: {}, recordings: {} };
  const services = { config, log: pino({ level: 'silent' }), metrics: new Registry(), ...parts } as unknown as Services;
  const app = await createApp(services);
  await app.ready();
  await app.close();
  // HEAD comes with each GET and has its handler and its access.
  return [...registered].filter((route) => !route.startsWith('HEAD '));
}

describe('the table of who may do what', () => {
  test('names every route that the api has, and none that it has not', async () => {
    const routes = await registerRoutes();
    expect(routes).toContain('POST /api/v1/sessions/:id/exec');
    expect([...new Set(TABLE.map(({ route }) => route as string))].sort()).toEqual(routes.sort());
  });

  test('says of every route what each asker gets', () => {
    for (const { route, expected } of TABLE) expect([route, expected.length]).toEqual([route, ASKERS.length]);
  });
});
