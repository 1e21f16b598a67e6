import { FRAME } from '../../../contract/terminal-frames.ts';
import { OUTPUT_HEADER } from './frame-check.ts';
import { isText } from './screens/plain-text.ts';

/** Frames kept at most, so that many small ones cost no more memory than few large ones. */
const MOST_FRAMES = 2_048;
/** A frame that is smaller is copied: it may be a view into a far larger buffer. */
const SMALL_FRAME = 4_096;

interface Entry {
  readonly offset: number;
  readonly frame: Buffer;
}

/**
 * The latest recorded output as the frames in which it came, shared by everybody who is shown it: no copy for each of them. Older output
 * is read from the recording.
 */
export class RecentOutput {
  readonly #entries: Entry[] = [];
  #start: number;
  #end: number;
  #limit: number;
  #textFrom: number;

  /** @param at offset at which output will continue; @param limit bytes kept at most */
  constructor(at: number, limit: number) {
    this.#start = at;
    this.#end = at;
    this.#limit = limit;
    this.#textFrom = at;
  }

  /** Offset of the oldest byte kept. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Offset from which on all output was text, kept or not. */
  get textFrom(): number {
    return this.#textFrom;
  }

  /** Bytes kept. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Keeps at most so many bytes from now on. */
  limit(bytes: number): void {
    this.#limit = bytes;
    this.#drop();
  }

  /** @param frame an output frame whose first byte is at the end of what is there */
  push(frame: Buffer): void {
    const kept = frame.length < SMALL_FRAME ? Buffer.from(frame) : frame;
    this.#entries.push({ offset: this.#end, frame: kept });
    this.#end += frame.length - OUTPUT_HEADER;
    if (!isText(frame.subarray(OUTPUT_HEADER))) this.#textFrom = this.#end;
    this.#drop();
  }

  /** @returns an output frame that begins at `offset` < `end`; null when that is no longer kept. */
  frameAt(offset: number): Buffer | null {
    if (offset < this.#start) return null;
    const entry = this.#find(offset);
    const skip = offset - entry.offset;
    return skip === 0 ? entry.frame : outputFrame(offset, entry.frame.subarray(OUTPUT_HEADER + skip));
  }

  /** Copies what is kept from `offset` on, at most `maxBytes`; null when `offset` is no longer kept. */
  copy(offset: number, maxBytes: number): Buffer | null {
    if (offset < this.#start) return null;
    const parts: Buffer[] = [];
    let left = Math.min(maxBytes, this.#end - offset);
    for (let at = offset; left > 0;) {
      const entry = this.#find(at);
      const from = OUTPUT_HEADER + at - entry.offset;
      const part = entry.frame.subarray(from, from + left);
      parts.push(part);
      at += part.length;
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  #find(offset: number): Entry {
    const entries = this.#entries;
    let low = 0;
    let high = entries.length - 1;
    // Nearly always it is the newest.
    if ((entries[high] as Entry).offset <= offset) return entries[high] as Entry;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((entries[middle] as Entry).offset <= offset) low = middle;
      else high = middle - 1;
    }
    return entries[low] as Entry;
  }

  #drop(): void {
    const entries = this.#entries;
    let drop = 0;
    while (drop < entries.length && (this.#end - this.#start > this.#limit || entries.length - drop > MOST_FRAMES)) {
      this.#start += (entries[drop] as Entry).frame.length - OUTPUT_HEADER;
      drop += 1;
    }
    if (drop === 1) entries.shift();
    else if (drop > 1) entries.splice(0, drop);
  }
}

/** @returns an output frame of bytes at an offset. */
export function outputFrame(offset: number, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(OUTPUT_HEADER + bytes.length);
  frame[0] = FRAME.output;
  frame.writeUInt32BE(Math.floor(offset / 0x1_0000_0000), 1);
  frame.writeUInt32BE(offset >>> 0, 5);
  frame.set(bytes, OUTPUT_HEADER);
  return frame;
}
