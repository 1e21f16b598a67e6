import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

export interface ServerBundles {
  /** Path of the api's one file. */
  readonly api: string;
  /** Path of the gateway's one file. */
  readonly gateway: string;
}

/**
 * Bundles api and gateway into one ES module each; installed packages stay outside and are found from the repository's `node_modules`.
 * Takes well under a second.
 * @param directory where to write; must lie below the repository, so that the packages are found.
 */
export async function bundleServers(directory: string = join(HERE, 'dist')): Promise<ServerBundles> {
  await build({
    entryPoints: { api: join(HERE, 'src/api/main.ts'), gateway: join(HERE, 'src/gateway/main.ts') },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    logLevel: 'error',
    plugins: [
      {
        name: 'packages-stay-outside',
        setup(builder) {
          // Our own workspaces are sources, not packages.
          builder.onResolve({ filter: /^[^./]/ }, ({ path }) =>
            path.startsWith('@netpilot/') ? undefined : { path, external: true },
          );
        },
      },
    ],
  });
  return { api: join(directory, 'api.mjs'), gateway: join(directory, 'gateway.mjs') };
}
