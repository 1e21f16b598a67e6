import { LARGEST_ESCAPE, SLACK, writeJsonText } from './json-text.ts';

const SMALLEST = 65_536;
/** Buffers kept for the next batch, and the largest of them, in bytes: bulk output must not make garbage at its own rate. */
const KEPT = 8;
const LARGEST_KEPT = 2_097_152;
const kept: LineBuffer[] = [];

/** Bytes that grow: the lines of one batch, written where they stay until they are in the file. */
export class LineBuffer {
  #bytes = Buffer.allocUnsafeSlow(SMALLEST);
  #view = viewOf(this.#bytes);
  #length = 0;

  /** An empty one, which is used again after {@link release}. */
  static take(): LineBuffer {
    return kept.pop() ?? new LineBuffer();
  }

  get length(): number {
    return this.#length;
  }

  /** @returns a view of what was put from `from` on, good until more is put or it is released. */
  from(from: number): Buffer {
    return this.#bytes.subarray(from, this.#length);
  }

  put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** @param text ASCII only. */
  putAscii(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  /** @param text UTF-8, put as the inside of a JSON string. */
  putJsonText(text: Uint8Array): void {
    this.#reserve(text.length * LARGEST_ESCAPE + SLACK);
    this.#length = writeJsonText(this.#view, this.#length, text);
  }

  /** Nobody looks at its bytes any more. */
  release(): void {
    this.#length = 0;
    if (kept.length < KEPT && this.#bytes.length <= LARGEST_KEPT) kept.push(this);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
