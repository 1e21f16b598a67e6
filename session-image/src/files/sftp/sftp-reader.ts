import { Readable } from 'node:stream';
import { FileFailure } from '../file-failure.ts';
import { PacketError, STATUS, string, TYPE, u32, u64 } from './packets.ts';
import { StatusError } from './sftp-client.ts';
import type { SftpClient } from './sftp-client.ts';

/** Bytes asked for ahead of the reader. */
const AHEAD = 1_048_576;

interface Asked {
  readonly length: number;
  bytes: Buffer | null;
}

/** The bytes of an open file in order, several READs on the way. Owner of the handle. */
export class SftpReader extends Readable {
  readonly #client: SftpClient;
  readonly #handle: Buffer;
  /** Where the next READ begins, and where the range ends. */
  #at: number;
  readonly #end: number;
  /** By their offset, in order. */
  readonly #asked = new Map<number, Asked>();
  #ahead = 0;
  #eof = false;
  #wanted = false;

  constructor(client: SftpClient, handle: Buffer, offset: number, length: number | null) {
    super({ highWaterMark: client.transfer });
    this.#client = client;
    this.#handle = handle;
    this.#at = offset;
    this.#end = length === null ? Number.MAX_SAFE_INTEGER : offset + length;
  }

  override _read(): void {
    this.#wanted = true;
    this.#ask();
    this.#give();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#client.release(this.#handle);
    callback(error);
  }

  #ask(): void {
    while (!this.#eof && this.#ahead < AHEAD && this.#at < this.#end) {
      const length = Math.min(this.#client.transfer, this.#end - this.#at);
      this.#request(this.#at, length);
      this.#at += length;
    }
  }

  #request(offset: number, length: number): void {
    const asked: Asked = { length, bytes: null };
    this.#asked.set(offset, asked);
    this.#ahead += length;
    this.#client
      .expect(TYPE.data, TYPE.read, string(this.#handle), u64(offset), u32(length))
      .then((reader) => {
        const bytes = reader.string();
        if (bytes.length === 0 || bytes.length > length) throw new PacketError('more or less than it was asked for');
        asked.bytes = bytes;
      })
      .catch((error: unknown) => {
        if (!(error instanceof StatusError) || error.status !== STATUS.eof) throw error;
        asked.bytes = Buffer.alloc(0);
      })
      .then(() => this.#give())
      .catch((error: unknown) => this.destroy(asFailure(error)));
  }

  #give(): void {
    while (this.#wanted && !this.destroyed) {
      const [first] = this.#asked;
      if (!first) {
        if (this.#eof || this.#at >= this.#end) this.push(null);
        return;
      }
      const [offset, { length, bytes }] = first;
      if (bytes === null) return;
      this.#asked.delete(offset);
      this.#ahead -= length;
      if (bytes.length === 0) {
        // What was asked behind the end has nothing either.
        this.#eof = true;
        this.#asked.clear();
        this.push(null);
        return;
      }
      if (bytes.length < length) this.#again(offset + bytes.length, length - bytes.length);
      this.#wanted = this.push(bytes);
      this.#ask();
    }
  }

  /** A server may give less than it was asked for (section 6.4): what is missing goes to the front. */
  #again(offset: number, length: number): void {
    const behind = [...this.#asked];
    this.#asked.clear();
    this.#request(offset, length);
    for (const [at, asked] of behind) this.#asked.set(at, asked);
  }
}

function asFailure(error: unknown): Error {
  if (error instanceof StatusError) return new FileFailure('failed', error.message);
  if (error instanceof PacketError) return new FileFailure('failed', 'The SFTP server sent what cannot be read.');
  return error instanceof Error ? error : new FileFailure('failed');
}
