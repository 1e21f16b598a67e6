import type { FileCount } from '@netpilot/control-plane/contract/files.ts';
import { FileFailure } from '../file-failure.ts';
import type { Batch, FileRoad, NamedAttributes } from '../file-road.ts';
import { joinPath } from '../paths.ts';
import type { SftpRoad } from './sftp-road.ts';

/** Entries after which counting stops: name by name over SFTP that takes minutes. */
const MAX_COUNTED = 200_000;
/** Folders in folders; a router that makes them up as we go has no end. */
const MAX_DEPTH = 128;

/** An entry below a folder: its path below it, and whether its own entries are behind it already. */
interface Visit {
  readonly path: Buffer;
  readonly entry: NamedAttributes;
}

/** All below a folder, folders before what is in them; links are not followed. `unreadable` is told of folders that cannot be read. */
export async function* walk(
  road: Pick<FileRoad, 'list'>,
  folder: Buffer,
  signal: AbortSignal,
  unreadable: (error: unknown) => void,
  below: Buffer = Buffer.alloc(0),
  depth = 0,
): AsyncGenerator<Visit> {
  if (depth > MAX_DEPTH) throw new FileFailure('loop', 'Too many folders in folders.');
  const folders: Buffer[] = [];
  const here = below.length === 0 ? folder : joinPath(folder, below);
  try {
    for await (const { entries } of road.list(here, signal)) {
      for (const entry of entries) {
        if (entry.name.length === 0) continue;
        const path = below.length === 0 ? entry.name : joinPath(below, entry.name);
        if (entry.type === 'folder') folders.push(path);
        yield { path, entry };
      }
    }
  } catch (error) {
    if (!(error instanceof FileFailure)) throw error;
    unreadable(error);
  }
  for (const each of folders) yield* walk(road, folder, signal, unreadable, each, depth + 1);
}

const fail = (error: unknown) => {
  throw error;
};

export async function* searchTree(
  road: FileRoad,
  folder: Buffer,
  text: string,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const wanted = lower(Buffer.from(text));
  let unreadable = 0;
  let first: unknown = null;
  let any = false;
  const walked = walk(road, folder, signal, (error) => {
    first ??= error;
    unreadable++;
  });
  for await (const { path, entry } of walked) {
    any = true;
    if (lower(entry.name).includes(wanted)) yield { entries: [{ ...entry, name: path }], skipped: 0 };
  }
  // The folder itself must be readable.
  if (!any && first) throw first as Error;
  yield { entries: [], skipped: unreadable };
}

/** ASCII letters only, as `find -iname` in the C locale. */
function lower(bytes: Buffer): Buffer {
  return bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)) as Buffer;
}

export async function countTree(road: FileRoad, path: Buffer, signal: AbortSignal): Promise<FileCount> {
  const own = await road.stat(path, false);
  let entries = 1;
  let bytes = own.type === 'file' ? own.size : 0;
  if (own.type !== 'folder') return { entries, bytes, complete: true };
  let complete = true;
  for await (const { entry } of walk(road, path, signal, () => (complete = false))) {
    entries++;
    if (entry.type === 'file') bytes += entry.size;
    if (entries >= MAX_COUNTED) return { entries, bytes, complete: false };
  }
  return { entries, bytes: Math.min(bytes, Number.MAX_SAFE_INTEGER), complete };
}

/** Deletes a folder and all in it, or a single thing. */
export async function removeTree(road: SftpRoad, path: Buffer, signal: AbortSignal): Promise<void> {
  const { type } = await road.stat(path, false);
  if (type !== 'folder') return road.remove(path, false, signal);
  const folders: Buffer[] = [path];
  for await (const visit of walk(road, path, signal, fail)) {
    const below = joinPath(path, visit.path);
    if (visit.entry.type === 'folder') folders.push(below);
    else await road.remove(below, false, signal);
  }
  for (const folder of folders.toReversed()) await road.remove(folder, false, signal);
}

/** Copies a file, a link or a folder with all in it; devices and their like cannot be made over SFTP. */
export async function copyTree(road: SftpRoad, path: Buffer, to: Buffer, signal: AbortSignal): Promise<void> {
  const own = await road.stat(path, false);
  await copyOne(road, path, to, own);
  if (own.type !== 'folder') return;
  const modes: [Buffer, number][] = [[to, own.mode]];
  for await (const visit of walk(road, path, signal, fail)) {
    signal.throwIfAborted();
    const target = joinPath(to, visit.path);
    await copyOne(road, joinPath(path, visit.path), target, visit.entry);
    if (visit.entry.type === 'folder') modes.push([target, visit.entry.mode]);
  }
  // A folder that nobody may write into gets its mode when all is in it.
  for (const [folder, mode] of modes.toReversed()) await road.chmod(folder, mode);
}

async function copyOne(
  road: SftpRoad,
  path: Buffer,
  to: Buffer,
  { type, mode, target }: Omit<NamedAttributes, 'name'>,
): Promise<void> {
  if (type === 'folder') return road.createFolder(to);
  if (type === 'link' && target) return road.link(to, target.name);
  if (type !== 'file') throw new FileFailure('special');
  const { body } = await road.read(path, { offset: 0, length: null });
  try {
    await road.openTemporary(to);
    await road.writeTemporary(to, 0, body);
    if (body.errored) throw body.errored;
    await road.chmod(to, mode);
  } finally {
    body.destroy();
  }
}
