import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type {
  FileSaveInput,
  FileUploadBytes,
  FileUploadFinish,
  FileUploadInput,
  FileUploadRef,
  FileUploadState,
} from '@netpilot/control-plane/contract/files.ts';
import { sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import { gathered } from '../link/gathered.ts';
import { requireExpected } from './expectation.ts';
import { FileFailure } from './file-failure.ts';
import type { FileAttributes, FileRoad } from './file-road.ts';
import { BLOCK, pathBytes, requireOwnName, temporaryPath } from './paths.ts';

/** A file that nobody else's rights are known of. */
const NEW_MODE = 0o644;

/** What is at a path now, and the path itself without a link at its end: a link stays, what it leads to is replaced. */
interface Place {
  readonly path: Buffer;
  readonly there: FileAttributes | null;
}

/** What is written here at one path happens one after the other: of two writers with the same expectation one is refused. */
export class Writing {
  readonly #road: FileRoad;
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(road: FileRoad) {
    this.#road = road;
  }

  /** Makes or finds the hidden file of an upload. @throws FileFailure for what would fail at its end */
  async begin({ path, uploadId, size, expect }: FileUploadInput): Promise<FileUploadState> {
    const place = await this.#place(pathBytes(path));
    await requireExpected(this.#road, place.path, place.there, expect);
    const temporary = temporaryPath(place.path, uploadId);
    const there = Math.min(await this.#road.openTemporary(temporary), size);
    const { available } = await this.#road.space(temporary);
    if (available !== null && available < size - there) {
      if (there === 0) await this.#road.removeTemporary(temporary);
      throw new FileFailure('no_space', `${sizeWords(available)} are free.`);
    }
    return { offset: there - (there % BLOCK) };
  }

  /** Takes bytes for as long as they come. @throws FileFailure `offset_mismatch` for a place where the upload does not go on */
  async take({ path, uploadId, offset }: FileUploadBytes, body: Readable): Promise<FileUploadState> {
    const place = await this.#place(pathBytes(path));
    const temporary = temporaryPath(place.path, uploadId);
    const { size } = await this.#road.stat(temporary, false);
    if (offset % BLOCK !== 0 || offset > size) throw new FileFailure('offset_mismatch');
    return { offset: await this.#write(temporary, offset, gathered(body)) };
  }

  /** Verifies an upload and lets it take its path's name. @returns the path that it has now. */
  async finish({ path, uploadId, size, sha256, mode, expect }: FileUploadFinish): Promise<Buffer> {
    const place = await this.#place(pathBytes(path));
    return this.#replace(place, temporaryPath(place.path, uploadId), { size, sha256, mode, expect });
  }

  async abort({ path, uploadId }: FileUploadRef): Promise<void> {
    const place = await this.#place(pathBytes(path));
    await this.#road.removeTemporary(temporaryPath(place.path, uploadId));
  }

  /** Writes a small file as a whole. @returns the path that it has now. */
  async save({ path, mode, expect }: FileSaveInput, bytes: Buffer): Promise<Buffer> {
    const place = await this.#place(pathBytes(path));
    await requireExpected(this.#road, place.path, place.there, expect);
    const temporary = temporaryPath(place.path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    try {
      await this.#road.openTemporary(temporary);
      if (bytes.length > 0) await this.#write(temporary, 0, Readable.from([bytes]));
      return await this.#replace(place, temporary, { size: bytes.length, sha256, mode, expect });
    } catch (error) {
      await this.#road.removeTemporary(temporary).catch(() => undefined);
      throw error;
    }
  }

  async #write(temporary: Buffer, offset: number, body: Readable): Promise<number> {
    try {
      return await this.#road.writeTemporary(temporary, offset, body);
    } catch (error) {
      if (!(error instanceof FileFailure) || error.file !== 'failed') throw error;
      // An SFTP server says of a full disk no more than that it failed (draft-ietf-secsh-filexfer-02, section 7).
      const { available } = await this.#road.space(temporary).catch(() => ({ available: null }));
      throw available !== null && available < BLOCK ? new FileFailure('no_space', error.message) : error;
    }
  }

  async #replace(
    { path, there }: Place,
    temporary: Buffer,
    upload: Pick<FileUploadFinish, 'size' | 'sha256' | 'mode' | 'expect'>,
  ): Promise<Buffer> {
    const { uid = null, gid = null } = there ?? {};
    await this.#alone(path, () =>
      this.#road.replace({
        ...upload,
        temporary,
        path,
        mode: upload.mode ?? there?.mode ?? NEW_MODE,
        owner: uid === null || gid === null ? null : { uid, gid },
      }),
    );
    return path;
  }

  async #alone<T>(path: Buffer, work: () => Promise<T>): Promise<T> {
    const key = path.toString('latin1');
    const before = this.#busy.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#busy.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#busy.get(key) === mine) this.#busy.delete(key);
    }
  }

  async #place(path: Buffer): Promise<Place> {
    requireOwnName(path);
    const there = await this.#ifThere(path, false);
    if (there?.type !== 'link') return { path, there };
    const real = requireOwnName(await this.#road.realPath(path));
    return { path: real, there: await this.#ifThere(real, false) };
  }

  async #ifThere(path: Buffer, follow: boolean): Promise<FileAttributes | null> {
    try {
      return await this.#road.stat(path, follow);
    } catch (error) {
      if (error instanceof FileFailure && error.file === 'vanished') return null;
      throw error;
    }
  }
}
