import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import { FileFailure } from '../file-failure.ts';
import type { FileRoad, NamedAttributes } from '../file-road.ts';
import { joinPath, splitPath } from '../paths.ts';
import { walk } from './trees.ts';

/**
 * A tar archive (POSIX.1-2001) of a path, made here file by file. Names are below `./`, as `tar` does it on the router. Sockets are left out,
 * as `tar` does; what shrinks while it is read ends the archive with an error, as its header has gone out.
 */
export function packTree(road: FileRoad, path: Buffer): Readable {
  const archive = pack();
  const stop = new AbortController();
  archive.once('close', () => stop.abort());
  void fill(road, path, archive, stop.signal).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new FileFailure('failed')),
  );
  return archive as unknown as Readable;
}

async function fill(road: FileRoad, path: Buffer, archive: Pack, signal: AbortSignal): Promise<void> {
  const { name } = splitPath(path);
  const root = joinPath(Buffer.from('.'), name);
  const own = await road.stat(path, false);
  await add(road, archive, path, root, { ...own, name });
  if (own.type !== 'folder') return;
  const fail = (error: unknown) => {
    throw error;
  };
  for await (const { path: below, entry } of walk(road, path, signal, fail)) {
    signal.throwIfAborted();
    await add(road, archive, joinPath(path, below), joinPath(root, below), entry);
  }
}

async function add(road: FileRoad, archive: Pack, path: Buffer, name: Buffer, entry: NamedAttributes): Promise<void> {
  const header: Parameters<Pack['entry']>[0] = {
    // tar-stream writes UTF-8; a name that is none gets a likeness of itself.
    name: name.toString('utf8'),
    mode: entry.mode,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    mtime: new Date((entry.modified ?? 0) * 1_000),
  };
  if (entry.type === 'folder') return void archive.entry({ ...header, name: `${header.name}/`, type: 'directory' });
  if (entry.type === 'link') {
    return void archive.entry({ ...header, type: 'symlink', linkname: entry.target?.name.toString('utf8') ?? '' });
  }
  if (entry.type === 'fifo') return void archive.entry({ ...header, type: 'fifo' });
  if (entry.type !== 'file') return;
  const { body, attributes } = await road.read(path, { offset: 0, length: entry.size });
  if (attributes.size < entry.size) throw new FileFailure('changed');
  await pipeline(body, archive.entry({ ...header, type: 'file', size: entry.size }));
}
