import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { command } from './command.ts';
import { contentHash, unlessUnchanged } from './content-stamp.ts';
import { Obstacle } from './obstacle.ts';
import { BUILD_DIRECTORY, ROOT } from './places.ts';
import type { Log } from './requirements.ts';

/** What the api serves. */
export const WEB_DIRECTORY = join(ROOT, 'web', 'dist');

const SOURCES = ['web', 'control-plane/contract', 'package-lock.json'];

/** The program of Vite that the web workspace has, wherever npm put it. */
export function viteProgram(): string {
  const manifest = createRequire(join(ROOT, 'web', 'package.json')).resolve('vite/package.json');
  return join(dirname(manifest), 'bin', 'vite.js');
}

/**
 * Builds the web application when its sources changed.
 * @throws Obstacle when Vite fails, with the end of what it says.
 */
export async function buildWeb(log: Log = () => {}): Promise<void> {
  const content = await contentHash(ROOT, SOURCES);
  const product = join(WEB_DIRECTORY, 'index.html');
  await unlessUnchanged({ stamp: join(BUILD_DIRECTORY, 'web.stamp'), content, product }, async () => {
    log('Building the web application');
    const result = await command(process.execPath, [viteProgram(), 'build', '--logLevel', 'warn'], {
      cwd: join(ROOT, 'web'),
      timeoutMs: 600_000,
    });
    if (result.code === 0) return;
    const said = `${result.stdout}\n${result.stderr}`.trim().slice(-1_000);
    throw new Obstacle(
      `The web application cannot be built: ${result.timedOut ? 'it did not end in 10 minutes' : said}`,
    );
  });
}
