import { createHash } from 'node:crypto';
import { copyFile, lstat, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { imageWithHash, run } from './docker.ts';

export const BASE_IMAGE = 'netpilot-node-base';

/** Changes whenever this file lays the base out differently. */
const LAYOUT = '2';

/**
 * The image that the session image stands on, as a name for `FROM`: the one that NETPILOT_SESSION_BASE names (such as a distroless
 * image), else one of the same shape made of this machine's own Node binary and the libraries it needs: no shell, no package manager,
 * no setuid file. Made once; again only when Node or a library changes.
 */
export async function ensureBaseImage({ log }: { log: (line: string) => void }): Promise<string> {
  const named = process.env.NETPILOT_SESSION_BASE;
  if (named) return named;

  const node = await realpath(process.execPath);
  const files = [{ from: node, to: '/usr/local/bin/node' }, ...(await librariesOf(node))];
  const hash = createHash('sha256').update(LAYOUT);
  for (const { from, to } of files) hash.update(`${to}\0`).update(await readFile(from));
  const digest = hash.digest('hex');
  const existing = await imageWithHash(BASE_IMAGE, digest);
  if (existing) return BASE_IMAGE;

  log(`Assembling ${BASE_IMAGE} from ${node} and ${files.length - 1} libraries`);
  const directory = await mkdtemp(join(tmpdir(), 'netpilot-base-'));
  try {
    const root = join(directory, 'root');
    for (const { from, to } of files) {
      await mkdir(dirname(join(root, to)), { recursive: true });
      await copyFile(from, join(root, to));
    }
    for (const empty of ['session', 'tmp', 'etc']) await mkdir(join(root, empty), { recursive: true });
    await writeFile(join(root, 'etc/passwd'), 'sandbox:x:65532:65532:sandbox:/tmp:/sbin/nologin\n');
    await writeFile(join(root, 'etc/group'), 'sandbox:x:65532:\n');
    const archive = join(directory, 'root.tar');
    await run('chmod', ['-R', 'a+rX,u-s,g-s', root]);
    // runc gives a tmpfs the mode of the directory under it, whatever the mount asks for.
    await run('chmod', ['1777', join(root, 'tmp')]);
    await run('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', root, '-cf', archive, '.']);
    await run('docker', [
      'import',
      '--change',
      'LABEL netpilot=node-base',
      '--change',
      `LABEL netpilot.content=${digest}`,
      archive,
      BASE_IMAGE,
    ]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return BASE_IMAGE;
}

/** The shared libraries and the loader that `ldd` lists, at the paths where the loader looks for them. */
async function librariesOf(binary: string): Promise<{ from: string; to: string }[]> {
  const listing = await run('ldd', [binary]);
  const paths = [...listing.matchAll(/(?:=>\s+|^\s*)(\/\S+)\s+\(0x/gmu)].map((match) => match[1] ?? '');
  const libraries = [];
  for (const to of paths.sort()) {
    if ((await lstat(to)).isDirectory()) continue;
    libraries.push({ from: await realpath(to), to });
  }
  return libraries;
}
