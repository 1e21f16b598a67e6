import type { Readable } from 'node:stream';
import type { FileCount, FileDigest, FileRoadView, FileSpace } from '@netpilot/control-plane/contract/files.ts';
import type { ArchiveEntry } from './archive-entries.ts';
import type { Batch, ByteRange, FileAttributes, FileRoad, OpenRead, Replacement } from './file-road.ts';

/**
 * SFTP for what is said of files, commands for their bytes and for what is done to many: one `cat` has no round trips, and `rm -r`, `cp -a`,
 * `tar` and `sha256sum` are done on the router.
 */
export class MixedRoad implements FileRoad {
  readonly view: FileRoadView;
  readonly #sftp: FileRoad;
  readonly #shell: FileRoad;

  constructor(sftp: FileRoad, shell: FileRoad) {
    this.#sftp = sftp;
    this.#shell = shell;
    this.view = { ...sftp.view, bytes: 'shell' };
  }

  list(folder: Buffer, signal: AbortSignal): AsyncIterable<Batch> {
    return this.#sftp.list(folder, signal);
  }

  stat(path: Buffer, follow: boolean): Promise<FileAttributes> {
    return this.#sftp.stat(path, follow);
  }

  realPath(path: Buffer): Promise<Buffer> {
    return this.#shell.realPath(path);
  }

  async read(path: Buffer, range: ByteRange): Promise<OpenRead> {
    const open = await this.#shell.read(path, range);
    return { ...open, attributes: withoutInode(open.attributes) };
  }

  async follow(path: Buffer, back: number): Promise<OpenRead> {
    return this.#shell.follow(path, back);
  }

  tar(path: Buffer): Promise<OpenRead> {
    return this.#shell.tar(path);
  }

  search(folder: Buffer, text: string, signal: AbortSignal): AsyncIterable<Batch> {
    return this.#shell.search(folder, text, signal);
  }

  createFolder(path: Buffer): Promise<void> {
    return this.#sftp.createFolder(path);
  }

  createFile(path: Buffer): Promise<void> {
    return this.#sftp.createFile(path);
  }

  rename(path: Buffer, to: Buffer, replace: boolean, temporary: Buffer): Promise<void> {
    return this.#shell.rename(path, to, replace, temporary);
  }

  copy(path: Buffer, to: Buffer, replace: boolean, temporary: Buffer, signal: AbortSignal): Promise<void> {
    return this.#shell.copy(path, to, replace, temporary, signal);
  }

  remove(path: Buffer, recursive: boolean, signal: AbortSignal): Promise<void> {
    return recursive ? this.#shell.remove(path, recursive, signal) : this.#sftp.remove(path, recursive, signal);
  }

  chmod(path: Buffer, mode: number): Promise<void> {
    return this.#sftp.chmod(path, mode);
  }

  count(path: Buffer, signal: AbortSignal): Promise<FileCount> {
    return this.#shell.count(path, signal);
  }

  sha256(path: Buffer, signal: AbortSignal): Promise<FileDigest> {
    return this.#shell.sha256(path, signal);
  }

  space(path: Buffer): Promise<FileSpace> {
    return this.#shell.space(path);
  }

  openTemporary(path: Buffer): Promise<number> {
    return this.#shell.openTemporary(path);
  }

  writeTemporary(path: Buffer, offset: number, body: Readable): Promise<number> {
    return this.#shell.writeTemporary(path, offset, body);
  }

  replace(replacement: Replacement): Promise<void> {
    return this.#shell.replace(replacement);
  }

  removeTemporary(path: Buffer): Promise<void> {
    return this.#sftp.removeTemporary(path);
  }

  unpack(folder: Buffer, temporary: Buffer, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
    return this.#shell.unpack(folder, temporary, entries);
  }
}

/** A version must not depend on which road was asked for it. */
function withoutInode(attributes: FileAttributes): FileAttributes {
  return { ...attributes, inode: null };
}
