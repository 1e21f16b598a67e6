import { INPUT_WINDOW } from '@netpilot/control-plane/contract/terminal-frames.ts';

/** Bytes of input in one frame. */
export const INPUT_FRAME = 16_384;
/** Bytes of input that may wait for the window; a larger paste is refused as a whole. */
export const INPUT_LIMIT = 16 * 1_048_576;

/**
 * Input on its way to the router: waiting, sent, taken.
 * Invariants: sent - taken <= {@link INPUT_WINDOW}; waiting <= {@link INPUT_LIMIT}; bytes leave in the order in which they came.
 */
export class InputQueue {
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #sent = 0;
  #taken = 0;

  /** Bytes that are not yet with the router. */
  get pending(): number {
    return this.#waiting + this.inFlight;
  }

  /** Bytes sent of which nobody knows yet whether the router took them. */
  get inFlight(): number {
    return this.#sent - this.#taken;
  }

  /** @returns false when the queue is too full for all of `bytes`; nothing of them is kept then. */
  add(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    if (this.#waiting + bytes.length > INPUT_LIMIT) return false;
    this.#chunks.push(bytes);
    this.#waiting += bytes.length;
    return true;
  }

  /** @returns the bytes of the next frame, or null while the window is full or nothing waits. */
  next(): Uint8Array | null {
    const room = Math.min(INPUT_FRAME, INPUT_WINDOW - this.inFlight, this.#waiting);
    if (room <= 0) return null;
    const frame = new Uint8Array(room);
    let filled = 0;
    while (filled < room) {
      const chunk = this.#chunks[0];
      if (!chunk) break;
      const part = chunk.subarray(0, room - filled);
      frame.set(part, filled);
      filled += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#waiting -= room;
    this.#sent += room;
    return frame;
  }

  /** The router has taken `total` bytes of this attachment; a number that was never sent is not believed. */
  take(total: number): void {
    this.#taken = Math.max(this.#taken, Math.min(total, this.#sent));
  }

  /** Drops what waits. @returns how many bytes. */
  clear(): number {
    const dropped = this.#waiting;
    this.#chunks = [];
    this.#waiting = 0;
    return dropped;
  }

  /**
   * The socket broke. Bytes on the way may or may not have arrived, and sending them twice could run a command twice; so they are given
   * up, and with them what waited behind, for a command with a hole in it is worse than none.
   * @returns bytes given up; 0 when nothing was on the way, and then what waits is kept.
   */
  breakOff(): number {
    const lost = this.inFlight;
    const dropped = lost > 0 ? lost + this.clear() : 0;
    this.#sent = 0;
    this.#taken = 0;
    return dropped;
  }
}
