/** A line over its bound; the stream it came from must be closed. */
export class LineTooLong extends Error {
  override name = 'LineTooLong';
}

const NEWLINE = 10;

/** Cuts a byte stream into lines (NDJSON); holds at most one unfinished line of `maxBytes`. */
export class LineReader {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #length = 0;

  /** @param maxBytes bound of one line in bytes, without its line feed. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @returns the whole lines that `chunk` completes, in order, without line feeds; empty lines are left out.
   * @throws LineTooLong when a line passes the bound.
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let at = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, at);
      const part = chunk.subarray(at, end === -1 ? chunk.length : end);
      this.#length += part.length;
      if (this.#length > this.#maxBytes) throw new LineTooLong(`a line of more than ${this.#maxBytes} bytes`);
      if (part.length > 0) this.#parts.push(part);
      if (end === -1) return lines;
      if (this.#length > 0) lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#length = 0;
      at = end + 1;
    }
  }
}
