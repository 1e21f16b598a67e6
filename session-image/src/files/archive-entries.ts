import type { Readable } from 'node:stream';
import { isPlainName, MAX_PATH_BYTES } from '@netpilot/control-plane/contract/router-path.ts';
import { extract } from 'tar-stream';
import { FileFailure } from './file-failure.ts';

/** One file or folder of an archive. `body` must be read before the next one comes. */
export interface ArchiveEntry {
  readonly type: 'file' | 'folder';
  /** Below the folder that the archive is put into; each part is a name that a folder can hold. */
  readonly name: Buffer;
  readonly mode: number;
  /** Seconds since 1970. */
  readonly modified: number;
  readonly size: number;
  readonly body: Readable;
}

/**
 * Reads a tar archive that somebody sent. Links, devices and their like are refused, as are names that lead elsewhere: nothing of an archive
 * may end up outside its folder.
 * @throws FileFailure `unsafe_name`; `failed` for what is no archive, or one that was cut
 */
export async function* archiveEntries(archive: Readable): AsyncGenerator<ArchiveEntry> {
  const reader = extract();
  archive.pipe(reader);
  const cut = () => {
    if (!archive.readableEnded) reader.destroy(new Error('cut'));
  };
  archive.once('close', cut);
  try {
    for await (const entry of reader) {
      const { name, type, mode = 0o644, mtime, size = 0 } = entry.header;
      const path = safeName(name);
      if (type === 'directory' && path.length > 0) {
        yield archiveEntry('folder', path, mode, mtime, 0, entry as unknown as Readable);
      } else if ((type === 'file' || type === 'contiguous-file') && path.length > 0) {
        yield archiveEntry('file', path, mode, mtime, size, entry as unknown as Readable);
      } else if (type !== 'directory') {
        throw new FileFailure('unsafe_name', `${name}: only files and folders are taken.`);
      }
      entry.resume();
    }
  } catch (error) {
    if (error instanceof FileFailure) throw error;
    throw new FileFailure('failed', 'This is no whole tar archive.');
  } finally {
    archive.off('close', cut);
    archive.unpipe(reader);
    reader.destroy();
  }
}

function archiveEntry(
  type: ArchiveEntry['type'],
  name: Buffer,
  mode: number,
  mtime: Date | undefined,
  size: number,
  body: Readable,
): ArchiveEntry {
  // Set-user-id and its like are not for an archive to give.
  return {
    type,
    name,
    mode: mode & 0o777,
    modified: Math.max(0, Math.floor((mtime?.getTime() ?? 0) / 1_000)),
    size,
    body,
  };
}

/** @returns the name without `./` and the slash of a folder; empty for the archive's own root. @throws FileFailure `unsafe_name` */
export function safeName(text: string): Buffer {
  const parts = text.replace(/\/+$/u, '').split('/');
  if (text.startsWith('/')) throw new FileFailure('unsafe_name', text);
  const names = parts.filter((part) => part !== '.' && part !== '').map((part) => Buffer.from(part));
  const path = Buffer.from(names.map(String).join('/'));
  if (path.length > MAX_PATH_BYTES || names.some((name) => !isPlainName(name))) {
    throw new FileFailure('unsafe_name', text);
  }
  return path;
}
