import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { PacketReader, STATUS, string, TYPE, u32, u64 } from './packets.ts';
import { StatusError } from './sftp-client.ts';
import type { SftpClient } from './sftp-client.ts';
import { sftpFailure } from './sftp-failure.ts';

/** Milliseconds between two looks, as `tail -f` does it. */
const EVERY_MS = 1_000;

/** What a file holds from an offset on and what is added to it, until it is destroyed. Owner of the handle. */
export class SftpFollower extends Readable {
  readonly #client: SftpClient;
  readonly #handle: Buffer;
  readonly #stop = new AbortController();
  #at: number;

  constructor(client: SftpClient, handle: Buffer, offset: number) {
    super();
    this.#client = client;
    this.#handle = handle;
    this.#at = offset;
  }

  override _read(): void {
    this.#next().then(
      (bytes) => {
        this.#at += bytes.length;
        this.push(bytes);
      },
      (error: unknown) => {
        if (!this.destroyed) this.destroy(sftpFailure(error) as Error);
      },
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#stop.abort();
    this.#client.release(this.#handle);
    callback(error);
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const bytes = await this.#read();
      if (bytes.length > 0) return bytes;
      await delay(EVERY_MS, undefined, { signal: this.#stop.signal });
      const { size } = (await this.#client.expect(TYPE.attrs, TYPE.fstat, string(this.#handle))).attributes();
      // Emptied or cut short: it begins again.
      if (size < this.#at) this.#at = 0;
    }
  }

  async #read(): Promise<Buffer> {
    try {
      const fields = [string(this.#handle), u64(this.#at), u32(this.#client.transfer)];
      const reader: PacketReader = await this.#client.expect(TYPE.data, TYPE.read, ...fields);
      return reader.string();
    } catch (error) {
      if (error instanceof StatusError && error.status === STATUS.eof) return Buffer.alloc(0);
      throw error;
    }
  }
}
