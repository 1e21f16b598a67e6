import { Transform, type TransformCallback } from 'node:stream';

/** Bytes from which on nothing more is waited for. */
const PIECE = 65_536;

/**
 * Joins chunks that arrive in one turn of the event loop; nothing waits longer. HTTP/2 brings a body in crumbs of 16 KB at most, and each would be
 * counted, summed and sent by itself, as an SSH packet with a cipher, a checksum and a system call of its own.
 */
export class Gathered extends Transform {
  #parts: Buffer[] = [];
  #length = 0;
  #due: NodeJS.Immediate | null = null;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    // Given from here, what is too much for the reader makes the writer wait.
    if (this.#length >= PIECE || this.readableLength >= this.readableHighWaterMark) this.#give();
    else this.#due ??= setImmediate(() => this.#give());
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#give();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearImmediate(this.#due ?? undefined);
    done(error);
  }

  #give(): void {
    clearImmediate(this.#due ?? undefined);
    this.#due = null;
    if (this.#length === 0) return;
    const [first] = this.#parts;
    const joined = this.#parts.length === 1 && first ? first : Buffer.concat(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    this.push(joined);
  }
}
