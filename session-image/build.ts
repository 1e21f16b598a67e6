import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { imageId, imageWithHash, run } from './docker.ts';

export { ensureBaseImage } from './base.ts';

export const SESSION_IMAGE = 'netpilot-session';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * What the agent does without: ssh2's native accelerators (it falls back to Node's own crypto; the image has no compiler and no
 * addon), and the messages of zod in forty languages.
 */
const without: Plugin = {
  name: 'without',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: "throw new Error('not in this image');" }));
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: at('../node_modules/zod/v4/locales'),
    }));
  },
};

/** Bundles the agent into one CommonJS file that needs nothing but Node. */
export async function buildAgent(outFile: string): Promise<void> {
  await build({
    entryPoints: [at('./src/main.ts')],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: false,
    sourcemap: false,
    logLevel: 'error',
    plugins: [without],
  });
}

export interface SessionImageOptions {
  /** Name of the image. */
  name?: string;
  /** Image to stand on, from `ensureBaseImage`. */
  base: string;
  log: (line: string) => void;
}

/** Builds the session image unless it is there already with the same content. @returns the image's id (`sha256:...`) */
export async function buildSessionImage({ name = SESSION_IMAGE, base, log }: SessionImageOptions): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), 'netpilot-session-image-'));
  try {
    const agent = join(context, 'agent.cjs');
    const dockerfile = at('../Dockerfile.session');
    await buildAgent(agent);
    await copyFile(dockerfile, join(context, 'Dockerfile'));
    const hash = createHash('sha256').update(await readFile(agent));
    const content = hash
      .update(await readFile(dockerfile))
      .update(await imageId(base))
      .digest('hex');
    const existing = await imageWithHash(name, content);
    if (existing) return existing;
    log(`Building ${name} on ${base}`);
    const labels = ['--label', 'netpilot=session-image', '--label', `netpilot.content=${content}`];
    const args = [
      'build',
      '--quiet',
      '--network',
      'none',
      '--build-arg',
      `BASE=${base}`,
      ...labels,
      '--tag',
      name,
      context,
    ];
    // The classic builder: it is everywhere, and it can stand on an image that only this engine has.
    await run('docker', args, { ...process.env, DOCKER_BUILDKIT: '0' });
    return await imageId(name);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
