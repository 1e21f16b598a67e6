import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { RecordingTrouble } from '../../../contract/recordings.ts';
import { Turns } from './turns.ts';

const calls = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  write: promisify(fs.write),
  read: promisify(fs.read),
  fstat: promisify(fs.fstat),
  fdatasync: promisify(fs.fdatasync),
  ftruncate: promisify(fs.ftruncate),
};

/** Of the four threads of libuv's pool, what a hanging disk may hold at most. */
const writing = new Turns(2);
const reading = new Turns(1);

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR } = fs.constants;
const READ_BYTES = 262_144;

/** One file of a recording, written at positions that only the caller knows. Owner of its descriptor. */
export class RecordingFile {
  readonly #descriptor: number;
  #closed = false;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** The number of a closed file is soon another file's. */
  get #fd(): number {
    if (this.#closed) throw new Error('the file of the recording is closed');
    return this.#descriptor;
  }

  /** Makes a new file, readable by nobody else. @throws Error `EEXIST` rather than touching one that is there. */
  static async create(path: string): Promise<RecordingFile> {
    return new RecordingFile(await writing.run(() => calls.open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600)));
  }

  /** Opens one that is there; a link is refused. */
  static async open(path: string, mode: 'read' | 'write'): Promise<RecordingFile> {
    const flags = (mode === 'read' ? O_RDONLY : O_RDWR) | O_NOFOLLOW;
    return new RecordingFile(await reading.run(() => calls.open(path, flags)));
  }

  /** @returns how many of the bytes are written; fewer than given on a disk that fills up. */
  async write(bytes: Uint8Array, position: number): Promise<number> {
    const { bytesWritten } = await writing.run(() => calls.write(this.#fd, bytes, 0, bytes.length, position));
    return bytesWritten;
  }

  /** The bytes from `from` to `to` (or the end of the file), in chunks that are good until the next is asked for. */
  async *stream(from = 0, to = Number.MAX_SAFE_INTEGER): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(0, to - from)));
    for (let at = from; at < to;) {
      const length = Math.min(buffer.length, to - at);
      const { bytesRead } = await reading.run(() => calls.read(this.#fd, buffer, 0, length, at));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async size(): Promise<number> {
    return (await reading.run(() => calls.fstat(this.#fd))).size;
  }

  async truncate(size: number): Promise<void> {
    await writing.run(() => calls.ftruncate(this.#fd, size));
  }

  /** Waits until it is on the disk. @returns false when nobody will find it there, as its name is gone. */
  async sync(): Promise<boolean> {
    return writing.run(async () => {
      await calls.fdatasync(this.#fd);
      return (await calls.fstat(this.#fd)).nlink > 0;
    });
  }

  async close(): Promise<void> {
    await writing.run(() => {
      const descriptor = this.#fd;
      this.#closed = true;
      return calls.close(descriptor);
    });
  }
}

const TROUBLES: Readonly<Record<string, RecordingTrouble>> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EFBIG: 'size_limit',
  EACCES: 'not_permitted',
  EPERM: 'not_permitted',
  EROFS: 'not_permitted',
  ENOENT: 'file_gone',
};

/** @returns what an error of the file system is to people. */
export function troubleOf(error: unknown): RecordingTrouble {
  return TROUBLES[(error as NodeJS.ErrnoException | null)?.code ?? ''] ?? 'disk_failed';
}
