import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FileCount, FileDigest, FileRoadView, FileSpace } from '@netpilot/control-plane/contract/files.ts';
import { encodeRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import type { RouterConnection } from '../../ssh/router-connection.ts';
import type { ArchiveEntry } from '../archive-entries.ts';
import { requireExpected } from '../expectation.ts';
import { FileFailure } from '../file-failure.ts';
import type { Batch, ByteRange, FileAttributes, FileRoad, OpenRead, Replacement } from '../file-road.ts';
import { splitPath } from '../paths.ts';
import { attributesToSet, OPEN, string, TYPE, u32 } from './packets.ts';
import { packTree } from './pack-tree.ts';
import { SftpClient } from './sftp-client.ts';
import { sftpFailure } from './sftp-failure.ts';
import { SftpFollower } from './sftp-follower.ts';
import { firstName, listFolder, targetOf } from './sftp-listing.ts';
import { SftpReader } from './sftp-reader.ts';
import { writeBody } from './sftp-writer.ts';
import { unpackInto } from './unpack-into.ts';
import { copyTree, countTree, removeTree, searchTree } from './trees.ts';

const POSIX_RENAME = 'posix-rename@openssh.com';

/** Files over SFTP alone: what a router does not do in one request is done name by name from here. */
export class SftpRoad implements FileRoad {
  readonly view: FileRoadView;
  readonly #connection: RouterConnection;
  #client: Promise<SftpClient> | null;

  private constructor(connection: RouterConnection, client: SftpClient, home: Buffer) {
    this.#connection = connection;
    this.#client = Promise.resolve(client);
    this.view = { road: 'sftp', bytes: 'sftp', home: encodeRouterPath(home) };
  }

  /** @returns null when the router has no SFTP server. */
  static async open(connection: RouterConnection): Promise<SftpRoad | null> {
    try {
      const client = await SftpClient.open(connection);
      const home = firstName(await client.request(TYPE.realpath, string('.')));
      return new SftpRoad(connection, client, home[0] === 0x2f ? home : Buffer.from('/'));
    } catch (error) {
      if (!connection.alive) throw error;
      return null;
    }
  }

  async *list(folder: Buffer, signal: AbortSignal): AsyncGenerator<Batch> {
    const client = await this.#ready();
    const own = await this.stat(folder, true);
    if (own.type !== 'folder') throw new FileFailure('not_directory');
    yield { entries: [{ ...own, name: Buffer.alloc(0) }], skipped: 0 };
    yield* listFolder(client, folder, signal);
  }

  async stat(path: Buffer, follow: boolean): Promise<FileAttributes> {
    const client = await this.#ready();
    return this.#do(async () => {
      const reader = await client.expect(TYPE.attrs, follow ? TYPE.stat : TYPE.lstat, string(path));
      const attributes = reader.attributes();
      return { ...attributes, target: attributes.type === 'link' ? await targetOf(client, path) : null };
    });
  }

  async realPath(path: Buffer): Promise<Buffer> {
    const client = await this.#ready();
    const real = await this.#do(async () => firstName(await client.request(TYPE.realpath, string(path))));
    if (real[0] !== 0x2f) throw new FileFailure('vanished');
    return real;
  }

  async read(path: Buffer, { offset, length }: ByteRange): Promise<OpenRead> {
    // A FIFO would hold up the whole server when it is opened.
    requireFile(await this.stat(path, true));
    const client = await this.#ready();
    return this.#do(async () => {
      const handle = await client.handle(TYPE.open, string(path), u32(OPEN.read), attributesToSet({}));
      const attributes = {
        ...(await client.expect(TYPE.attrs, TYPE.fstat, string(handle))).attributes(),
        target: null,
      };
      const left = Math.max(0, attributes.size - offset);
      const announced = length === null && attributes.size === 0 ? null : Math.min(left, length ?? left);
      const body = new SftpReader(client, handle, offset, length);
      return { attributes, length: announced, body, ended: async () => ({ after: await this.stat(path, true) }) };
    });
  }

  async follow(path: Buffer, back: number): Promise<OpenRead> {
    const attributes = requireFile(await this.stat(path, true));
    const client = await this.#ready();
    const handle = await this.#do(() => client.handle(TYPE.open, string(path), u32(OPEN.read), attributesToSet({})));
    const body = new SftpFollower(client, handle, Math.max(0, attributes.size - back));
    return { attributes, length: null, body, ended: async () => ({ after: null }) };
  }

  async tar(path: Buffer): Promise<OpenRead> {
    const attributes = await this.stat(path, false);
    const body = packTree(this, path);
    return { attributes, length: null, body, ended: async () => ({ after: null }) };
  }

  search(folder: Buffer, text: string, signal: AbortSignal): AsyncGenerator<Batch> {
    return searchTree(this, folder, text, signal);
  }

  async createFolder(path: Buffer): Promise<void> {
    const client = await this.#ready();
    await this.#making(path, () => client.request(TYPE.mkdir, string(path), attributesToSet({ mode: 0o755 })));
  }

  async createFile(path: Buffer): Promise<void> {
    const client = await this.#ready();
    const flags = u32(OPEN.write | OPEN.create | OPEN.exclusive);
    const handle = await this.#making(path, () =>
      client.handle(TYPE.open, string(path), flags, attributesToSet({ mode: 0o644 })),
    );
    client.release(handle);
  }

  async rename(path: Buffer, to: Buffer, replace: boolean): Promise<void> {
    await this.stat(path, false);
    const there = await this.#ifThere(to);
    if (there && (!replace || there.type === 'folder')) throw new FileFailure('exists');
    await this.#move(path, to, replace);
  }

  async copy(path: Buffer, to: Buffer, replace: boolean, temporary: Buffer, signal: AbortSignal): Promise<void> {
    await this.stat(path, false);
    const there = await this.#ifThere(to);
    if (there && (!replace || there.type === 'folder')) throw new FileFailure('exists');
    try {
      await copyTree(this, path, temporary, signal);
      await this.#move(temporary, to, replace);
    } catch (error) {
      await removeTree(this, temporary, new AbortController().signal).catch(() => undefined);
      throw error;
    }
  }

  async remove(path: Buffer, recursive: boolean, signal: AbortSignal): Promise<void> {
    const { type } = await this.stat(path, false);
    if (type === 'folder' && recursive) return removeTree(this, path, signal);
    const client = await this.#ready();
    try {
      await client.request(type === 'folder' ? TYPE.rmdir : TYPE.remove, string(path));
    } catch (error) {
      const failure = sftpFailure(error);
      if (!(failure instanceof FileFailure) || failure.file !== 'failed') throw failure;
      if (type === 'folder' && (await this.#holdsSomething(path, signal)))
        throw new FileFailure('not_empty', failure.message);
      throw await this.#why(failure, path);
    }
  }

  async #holdsSomething(folder: Buffer, signal: AbortSignal): Promise<boolean> {
    for await (const { entries } of this.list(folder, signal)) {
      if (entries.some(({ name }) => name.length > 0)) return true;
    }
    return false;
  }

  async chmod(path: Buffer, mode: number): Promise<void> {
    await this.setAttributes(path, { mode });
  }

  /** Sets a mode, an owner, or both. @throws FileFailure */
  async setAttributes(path: Buffer, set: Parameters<typeof attributesToSet>[0]): Promise<void> {
    const client = await this.#ready();
    await this.#making(path, () => client.request(TYPE.setstat, string(path), attributesToSet(set)), 'failed');
  }

  /** Makes a symbolic link. OpenSSH's server has the two arguments the other way round than the draft (its PROTOCOL, section 4.1). */
  async link(path: Buffer, target: Buffer): Promise<void> {
    const client = await this.#ready();
    await this.#making(path, () => client.request(TYPE.symlink, string(target), string(path)));
  }

  count(path: Buffer, signal: AbortSignal): Promise<FileCount> {
    return countTree(this, path, signal);
  }

  async sha256(path: Buffer, signal: AbortSignal): Promise<FileDigest> {
    const { body } = await this.read(path, { offset: 0, length: null });
    const stop = () => body.destroy();
    signal.addEventListener('abort', stop, { once: true });
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        hash.update(chunk);
        size += chunk.length;
      }
      return { sha256: hash.digest('hex'), size };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async space(path: Buffer): Promise<FileSpace> {
    const { total, available } = await this.#fileSystem(path);
    return { total, available };
  }

  async openTemporary(path: Buffer): Promise<number> {
    const client = await this.#ready();
    const there = await this.#ifThere(path);
    if (there && there.type !== 'file') throw new FileFailure('special');
    if (there) return there.size;
    const flags = u32(OPEN.write | OPEN.create | OPEN.exclusive);
    const handle = await this.#making(path, () =>
      client.handle(TYPE.open, string(path), flags, attributesToSet({ mode: 0o600 })),
    );
    client.release(handle);
    return 0;
  }

  async writeTemporary(path: Buffer, offset: number, body: Readable): Promise<number> {
    const client = await this.#ready();
    if ((await this.stat(path, false)).type !== 'file') throw new FileFailure('special');
    const open = () => client.handle(TYPE.open, string(path), u32(OPEN.write), attributesToSet({}));
    const handle = await this.#making(path, open, 'failed');
    try {
      await this.#making(path, () => writeBody(client, handle, offset, body), 'failed');
      if (client.supports('fsync@openssh.com')) await client.extended('fsync@openssh.com', string(handle));
      return (await client.expect(TYPE.attrs, TYPE.fstat, string(handle))).attributes().size;
    } finally {
      client.release(handle);
    }
  }

  async replace({ temporary, path, expect, size, sha256, mode, owner }: Replacement): Promise<void> {
    const written = await this.sha256(temporary, new AbortController().signal);
    if (written.size !== size) throw new FileFailure('offset_mismatch');
    if (written.sha256 !== sha256) throw new FileFailure('checksum_mismatch');
    const kept =
      owner === null ||
      (await this.setAttributes(temporary, { owner }).then(
        () => true,
        () => false,
      ));
    // Without the owner that they were meant for, set-user-id and its like would be somebody else's rights.
    await this.setAttributes(temporary, { mode: kept ? mode : mode & 0o777 });
    await requireExpected(this, path, await this.#ifThere(path), expect);
    await this.#move(temporary, path, expect.type !== 'nothing');
  }

  async removeTemporary(path: Buffer): Promise<void> {
    if (await this.#ifThere(path)) await this.remove(path, false, new AbortController().signal);
  }

  async unpack(folder: Buffer, _temporary: Buffer, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
    await unpackInto(this, folder, entries);
  }

  /** RENAME refuses what is there already; with the extension it takes its place. */
  async #move(path: Buffer, to: Buffer, replace: boolean): Promise<void> {
    const client = await this.#ready();
    if (replace && client.supports(POSIX_RENAME)) {
      await this.#making(to, () => client.extended(POSIX_RENAME, string(path), string(to)), 'failed');
    } else {
      const otherwise = replace ? 'not_supported' : 'exists';
      await this.#making(to, () => client.request(TYPE.rename, string(path), string(to)), otherwise);
    }
  }

  async #ready(): Promise<SftpClient> {
    const client = await this.#client;
    if (client?.open) return client;
    this.#client = SftpClient.open(this.#connection);
    this.#client.catch(() => (this.#client = null));
    return this.#client;
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw sftpFailure(error);
    }
  }

  /** OpenSSH answers "Failure" to most of what can go wrong when something is made: why, is looked up then. */
  async #making<T>(
    path: Buffer,
    work: () => Promise<T>,
    otherwise: 'exists' | 'failed' | 'not_supported' = 'exists',
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const failure = sftpFailure(error);
      if (!(failure instanceof FileFailure) || failure.file !== 'failed') throw failure;
      if (otherwise !== 'failed' && (await this.#ifThere(path))) throw new FileFailure(otherwise, failure.message);
      throw await this.#why(failure, path);
    }
  }

  async #why(failure: FileFailure, path: Buffer): Promise<FileFailure> {
    const { readOnly, available } = await this.#fileSystem(splitPath(path).folder).catch(() => UNKNOWN_SYSTEM);
    if (readOnly) return new FileFailure('read_only', failure.message);
    return available === 0 ? new FileFailure('no_space', failure.message) : failure;
  }

  async #ifThere(path: Buffer): Promise<FileAttributes | null> {
    try {
      return await this.stat(path, false);
    } catch (error) {
      if (error instanceof FileFailure && error.file === 'vanished') return null;
      throw error;
    }
  }

  async #fileSystem(path: Buffer): Promise<FileSystem> {
    const client = await this.#ready();
    if (!client.supports('statvfs@openssh.com')) return UNKNOWN_SYSTEM;
    return this.#do(async () => {
      const { reader } = await client.extended('statvfs@openssh.com', string(path));
      const [, fragment = 0, blocks = 0, , available = 0, , , , , flags = 0] = Array.from({ length: 10 }, () =>
        reader.u64(),
      );
      const bytes = (count: number) => Math.min(count * fragment, Number.MAX_SAFE_INTEGER);
      return { total: bytes(blocks), available: bytes(available), readOnly: (flags & 1) === 1 };
    });
  }
}

interface FileSystem extends FileSpace {
  readonly readOnly: boolean;
}
const UNKNOWN_SYSTEM: FileSystem = { total: null, available: null, readOnly: false };

function requireFile(attributes: FileAttributes): FileAttributes {
  if (attributes.type === 'folder') throw new FileFailure('is_directory');
  if (attributes.type !== 'file') throw new FileFailure('special');
  return attributes;
}
