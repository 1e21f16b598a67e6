import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A digest of every file below the given files and directories, by path and content; what is missing counts as empty. */
export async function contentHash(root: string, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths) {
    for (const file of await filesBelow(join(root, path))) {
      hash.update(`\0${file.slice(root.length)}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex');
}

/** @returns every file below `path`, sorted; `path` itself when it is a file. */
async function filesBelow(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) return [];
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .filter((entry) => entry.name !== 'node_modules' && entry.name !== 'dist')
      .map((entry) => filesBelow(join(path, entry.name))),
  );
  return nested.flat().sort();
}

/**
 * Runs `make` unless `stamp` says that it ran with the same content before and `product` is still there.
 * @returns true when it ran.
 */
export async function unlessUnchanged(
  options: { stamp: string; content: string; product: string },
  make: () => Promise<void>,
): Promise<boolean> {
  const before = await readFile(options.stamp, 'utf8').catch(() => null);
  const isThere = await stat(options.product).then(
    () => true,
    () => false,
  );
  if (before === options.content && isThere) return false;
  await make();
  await mkdir(dirname(options.stamp), { recursive: true });
  await writeFile(options.stamp, options.content);
  return true;
}
