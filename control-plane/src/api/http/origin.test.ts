import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type OutgoingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import Fastify, { type FastifyInstance } from 'fastify';
import { runs } from '../../../test/properties.ts';
import { checkOrigin } from './origin.ts';
import { answerWithProblems } from './problems.ts';

const OURS = 'https://bastion.example';

describe('the Origin check', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = Fastify();
    answerWithProblems(app);
    checkOrigin(app, OURS);
    app.all('/', async () => 'reached');
    await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => app.close());

  /** Over a socket, because a request must come through the parser as a browser's does. */
  const status = ({ method = 'GET', headers = {} }: { method?: string; headers?: OutgoingHttpHeaders }) =>
    new Promise<number>((resolve, reject) => {
      const { port } = app.server.address() as AddressInfo;
      const sent = request({ host: '127.0.0.1', port, method, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.once('error', reject).end();
    });
  const unsafe = fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE');
  const strange = [
    'null',
    'https://bastion.example/',
    'https://bastion.example:443',
    'http://bastion.example',
    'https://bastion.example.evil.example',
    'https://evil.example#https://bastion.example',
    'https://evil@bastion.example',
    'https://BASTION.example',
    'https://sub.bastion.example',
    'https://bastion.example, https://evil.example',
    ' https://bastion.example.',
    '*',
    '',
  ];
  /** What a header can hold. */
  const text = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)) });
  const foreign = fc
    .oneof(
      fc.constantFrom(...strange),
      text,
      text.map((tail) => OURS + tail),
      text.map((head) => head + OURS),
    )
    .filter((origin) => origin.trim() !== OURS);

  test('lets our own through, on every method and as a WebSocket', async () => {
    for (const method of ['GET', 'POST', 'PATCH', 'DELETE'] as const)
      expect(await status({ method, headers: { origin: OURS, cookie: 'a=b' } })).toBe(200);
    expect(await status({ headers: { origin: OURS, cookie: 'a=b', upgrade: 'websocket' } })).toBe(200);
  });

  test('lets no other through, with cookies or without', async () => {
    await fc.assert(
      fc.asyncProperty(unsafe, foreign, fc.boolean(), async (method, origin, cookie) => {
        const headers = { origin, ...(cookie ? { cookie: 'a=b' } : {}) };
        expect(await status({ method, headers })).toBe(403);
        expect(await status({ headers: { ...headers, upgrade: 'websocket' } })).toBe(403);
      }),
      { numRuns: runs(200) },
    );
  });

  test('without one only a request that has no cookies passes', async () => {
    await fc.assert(
      fc.asyncProperty(unsafe, text, async (method, cookie) => {
        expect(await status({ method })).toBe(200);
        expect(await status({ method, headers: { cookie } })).toBe(403);
        expect(await status({ headers: { cookie, upgrade: 'WebSocket' } })).toBe(403);
      }),
      { numRuns: runs(100) },
    );
  });
});
