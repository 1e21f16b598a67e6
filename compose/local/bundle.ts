import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { contentHash, unlessUnchanged } from './content-stamp.ts';
import { Obstacle } from './obstacle.ts';
import { BUILD_DIRECTORY, ROOT } from './places.ts';
import type { Log } from './requirements.ts';

/** The server processes, each one file; their dependencies stay in node_modules. */
export const PROGRAMS = {
  gateway: { source: 'control-plane/src/gateway/main.ts', bundle: join(BUILD_DIRECTORY, 'gateway.mjs') },
  api: { source: 'control-plane/src/api/main.ts', bundle: join(BUILD_DIRECTORY, 'api.mjs') },
  /** A thread of the api's, which finds it beside itself. */
  screens: {
    source: 'control-plane/src/api/terminals/screens/screen-worker.ts',
    bundle: join(BUILD_DIRECTORY, 'screen-worker.mjs'),
  },
} as const;

/**
 * How Node runs the servers. V8 counts every buffer that passes as growth of the heap since its last whole collection, and a small heap may grow by
 * little: a stream of 100 MB/s asks for ten whole collections a second, which find nothing. A limit that begins at 128 MB lets the small
 * collections of the young generation keep up.
 */
export const PROGRAM_FLAGS = ['--initial-old-space-size=128'] as const;

const SOURCES = [
  'control-plane/contract',
  'control-plane/src',
  'control-plane/wire',
  'db',
  'package-lock.json',
  'compose/local/bundle.ts',
];

/** Only our own TypeScript goes in: what npm installed is loaded from where it is. */
const ownSourcesOnly: Plugin = {
  name: 'own-sources-only',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@netpilot/') ? undefined : { path, external: true },
    );
  },
};

/**
 * Bundles the gateway and the api when their sources changed.
 * @throws Obstacle with the first error of the sources.
 */
export async function bundlePrograms(log: Log = () => {}): Promise<void> {
  const content = await contentHash(ROOT, SOURCES);
  const { gateway, api, screens } = PROGRAMS;
  await unlessUnchanged({ stamp: join(BUILD_DIRECTORY, 'programs.stamp'), content, product: api.bundle }, async () => {
    log('Bundling the gateway and the api');
    for (const { source, bundle } of [gateway, api, screens]) await bundleProgram(source, bundle);
  });
}

/**
 * Bundles one program.
 * @param instead plugins that come first, for a program that is not the real one
 * @throws Obstacle with the first error of the sources.
 */
export async function bundleProgram(source: string, outfile: string, instead: readonly Plugin[] = []): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins: [...instead, ownSourcesOnly],
  }).catch((error: Error) => {
    throw new Obstacle(`${source} cannot be bundled: ${error.message.split('\n').slice(0, 3).join(' ')}`);
  });
}
