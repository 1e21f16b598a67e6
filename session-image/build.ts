import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { BASE_IMAGE } from './base.ts';
import { imageId, imageWithHash, run } from './docker.ts';

export { ensureBaseImage } from './base.ts';

export const SESSION_IMAGE = 'netpilot-session';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Of the image's files, those of the agent, and the addon that ssh2 loads from beside them. */
const APP = 'app';
const ADDON = 'sshcrypto.node';

/**
 * What the agent does without: the probe that ssh2 orders its ciphers by (we order them ourselves), and the messages of zod in forty languages.
 * ssh2's addon stays a file of its own; without it ssh2 makes do with Node's own crypto.
 */
const without: Plugin = {
  name: 'without',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /sshcrypto\.node$/ }, () => ({ path: `./${ADDON}`, external: true }));
    onResolve({ filter: /^cpu-features$/ }, ({ path }) => ({ path, namespace: 'absent' }));
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

/**
 * ssh2's ciphers as an addon: Node's own are set up anew for every packet, which costs a key its echo a quarter of a millisecond each way, and
 * bulk output a third of the agent's time. npm builds it where there is a compiler.
 * @returns its path; null where it was not built, or the base has another Node than the one it was built for.
 */
export async function accelerator(base: string): Promise<string | null> {
  if (base !== BASE_IMAGE) return null;
  const require = createRequire(import.meta.url);
  const path = join(dirname(require.resolve('ssh2/package.json')), 'lib/protocol/crypto/build/Release', ADDON);
  try {
    require(path);
    return path;
  } catch {
    return null;
  }
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
    const agent = join(context, APP, 'agent.cjs');
    const dockerfile = at('../Dockerfile.session');
    await mkdir(join(context, APP));
    await buildAgent(agent);
    await copyFile(dockerfile, join(context, 'Dockerfile'));
    const hash = createHash('sha256').update(await readFile(agent));
    const addon = await accelerator(base);
    if (addon !== null) {
      await copyFile(addon, join(context, APP, ADDON));
      hash.update(await readFile(addon));
    }
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
