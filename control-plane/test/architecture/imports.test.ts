import { describe, expect, test } from '@jest/globals';
import { readSources } from './sources.ts';

/** Who may import a technology; everything else goes through that folder's own words. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  dockerode: ['control-plane/src/gateway/sandboxes/'],
  ssh2: [
    'control-plane/src/gateway/tunnels/',
    'session-image/src/ssh/',
    'control-plane/src/api/secrets/import-private-key.ts',
  ],
  'openid-client': ['control-plane/src/api/auth/'],
  jsonwebtoken: ['control-plane/src/api/auth/'],
  pg: ['db/'],
  umzug: ['db/'],
  aws4fetch: ['control-plane/src/api/recordings/'],
  'asciinema-player': ['web/src/features/recordings/'],
  'oidc-provider': ['compose/local/'],
  'p-queue': ['control-plane/src/gateway/sandboxes/', 'control-plane/src/api/operations/'],
  '@xterm/xterm': ['web/src/features/terminal/'],
};

const sources = readSources().filter((source) => !source.isTest);
const productOf = (folder: string) => sources.filter((source) => source.path.startsWith(folder));

describe('imports', () => {
  test.each(Object.entries(OWNERS))('%s is imported by its owner only', (technology, owners) => {
    const importers = sources.filter((source) =>
      source.imports.some((name) => name === technology || name.startsWith(`${technology}/`)),
    );
    expect(importers.length).toBeGreaterThan(0);
    expect(
      importers.map((source) => source.path).filter((path) => !owners.some((owner) => path.startsWith(owner))),
    ).toEqual([]);
  });

  test('the contract imports zod and itself, nothing else', () => {
    const foreign = productOf('control-plane/contract/').flatMap((source) =>
      source.imports
        .filter((name) => name !== 'zod' && !/^\.\/([\w-]+\/)?[\w-]+\.ts$/u.test(name))
        .map((name) => `${source.path}: ${name}`),
    );
    expect(foreign).toEqual([]);
  });

  test.each([
    [
      'control-plane/src/api/',
      /\/gateway\/|session-image|dockerode/u,
      'the process that faces the Internet knows neither Docker nor the gateway',
    ],
    [
      'control-plane/src/gateway/',
      /\/api\/|session-image|@netpilot\/db\/(?!tunnel-registry)/u,
      'the gateway knows neither api nor the tenants',
    ],
    [
      'session-image/src/',
      /@netpilot\/(?!control-plane\/(contract|wire)\/)|control-plane\/src|dockerode|sequelize|fastify/u,
      'a sandbox knows the contract only, and how bytes travel',
    ],
    [
      'web/src/',
      /@netpilot\/(?!control-plane\/contract)|control-plane\/src|^node:/u,
      'the browser knows the contract only',
    ],
    ['control-plane/wire/', /^(?!node:(?:crypto|stream)$)/u, 'what the processes share knows none of them'],
    ['db/', /control-plane\/src|session-image|fastify/u, 'the data knows nobody'],
  ])('%s stays within its trust', (folder, forbidden) => {
    const crossings = productOf(folder).flatMap((source) =>
      source.imports.filter((name) => forbidden.test(name)).map((name) => `${source.path}: ${name}`),
    );
    expect(
      crossings.filter((crossing) => !crossing.includes('gateway-client') && !crossing.includes('../gateway-client')),
    ).toEqual([]);
  });

  test('recordings are read and written by their own folder, and verified by the command line', () => {
    const files = sources.filter((source) => source.imports.some((name) => name.endsWith('/recording-file.ts')));
    const owners = ['control-plane/src/api/recordings/', 'compose/local/verify-recording.ts'];
    expect(files.length).toBeGreaterThan(1);
    expect(files.map(({ path }) => path).filter((path) => !owners.some((owner) => path.startsWith(owner)))).toEqual([]);
    // Nobody else of the api keeps files: configuration, sockets, a list of a package, a setting of the process.
    const disk = productOf('control-plane/src/api/').filter((source) =>
      source.imports.some((name) => name.startsWith('node:fs')),
    );
    const allowed = ['recordings/', 'config.ts', 'main.ts', 'sandbox-link/', 'devices/vendors.ts'];
    expect(
      disk
        .map(({ path }) => path.replace('control-plane/src/api/', ''))
        .filter((path) => !allowed.some((owner) => path.startsWith(owner))),
    ).toEqual([]);
  });

  test('nothing is exported by default but what a tool asks for', async () => {
    const { readFileSync } = await import('node:fs');
    const { join } = await import('node:path');
    const { REPOSITORY } = await import('./sources.ts');
    const offenders = sources
      .filter((source) => !source.path.endsWith('vite.config.ts'))
      .filter((source) => /^export default /mu.test(readFileSync(join(REPOSITORY, source.path), 'utf8')));
    expect(offenders.map((source) => source.path)).toEqual([]);
  });
});
