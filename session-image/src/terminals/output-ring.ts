/** Bytes of the first buffer; it doubles up to the limit, so that an idle terminal costs little. */
const FIRST_SIZE = 16_384;

/**
 * The latest output of a terminal, addressed by offsets that only grow: `start <= floor <= end`. Bytes below `floor` (acknowledged)
 * are kept as long as there is room; bytes from `floor` on are never dropped.
 */
export class OutputRing {
  readonly #limit: number;
  #buffer = Buffer.allocUnsafeSlow(0);
  #start = 0;
  #end = 0;
  #floor = 0;

  /** @param limit bytes kept at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Bytes that {@link append} takes now. */
  get free(): number {
    return this.#limit - (this.#end - this.#floor);
  }

  /** Adds output, dropping acknowledged bytes where room is needed. @throws RangeError for more than {@link free} bytes */
  append(bytes: Uint8Array): void {
    if (bytes.length > this.free) throw new RangeError('more output than there is room for');
    const end = this.#end + bytes.length;
    this.#grow(end - this.#start);
    this.#start = Math.max(this.#start, end - this.#buffer.length);
    const at = this.#end % this.#buffer.length;
    const first = Math.min(bytes.length, this.#buffer.length - at);
    this.#buffer.set(bytes.subarray(0, first), at);
    if (first < bytes.length) this.#buffer.set(bytes.subarray(first), 0);
    this.#end = end;
  }

  /** Acknowledges everything below `offset`. Moving the floor back to bytes still kept makes them unacknowledged again. */
  setFloor(offset: number): void {
    if (offset < this.#start || offset > this.#end) throw new RangeError('an offset that is not kept');
    this.#floor = offset;
  }

  /** Copies `length` bytes from `offset` on to `target`. @throws RangeError when they are not all kept */
  copy(offset: number, length: number, target: Uint8Array, targetAt: number): void {
    if (offset < this.#start || offset + length > this.#end) throw new RangeError('bytes that are not kept');
    if (length === 0) return;
    const at = offset % this.#buffer.length;
    const first = Math.min(length, this.#buffer.length - at);
    target.set(this.#buffer.subarray(at, at + first), targetAt);
    if (first < length) target.set(this.#buffer.subarray(0, length - first), targetAt + first);
  }

  #grow(needed: number): void {
    if (needed <= this.#buffer.length || this.#buffer.length === this.#limit) return;
    let size = Math.max(this.#buffer.length, FIRST_SIZE);
    while (size < needed) size *= 2;
    size = Math.min(size, this.#limit);
    const next = Buffer.allocUnsafeSlow(size);
    const kept = this.#end - this.#start;
    // Positions are offsets modulo the size, so what is kept has to move when the size changes.
    for (let offset = this.#start; offset < this.#start + kept;) {
      const from = offset % this.#buffer.length;
      const to = offset % size;
      const length = Math.min(this.#end - offset, this.#buffer.length - from, size - to);
      this.#buffer.copy(next, to, from, from + length);
      offset += length;
    }
    this.#buffer = next;
  }
}
