import { FrameError, MAX_FRAME } from '../../../contract/terminal-frames.ts';

/**
 * Cuts a byte stream into frames with length, as the contract's `FrameReader` does, but copies a frame at most once however many chunks
 * it came in: bulk output passes here.
 */
export class FrameSplitter {
  #parts: Buffer[] = [];
  #length = 0;

  /**
   * @param take is given each whole frame without its length; a view into the chunk where the frame came in one piece.
   * @throws FrameError when a length is 0 or over {@link MAX_FRAME}; the stream must then be closed.
   */
  push(chunk: Buffer, take: (frame: Buffer) => void): void {
    let bytes = chunk;
    if (this.#length > 0) {
      this.#parts.push(chunk);
      this.#length += chunk.length;
      const wanted = this.#wanted();
      if (wanted === null || this.#length < wanted) return;
      bytes = Buffer.concat(this.#parts, this.#length);
      this.#parts = [];
      this.#length = 0;
    }
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = frameLength(bytes.readUInt32BE(at));
      if (bytes.length - at - 4 < length) break;
      take(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    if (at === bytes.length) return;
    this.#parts = [at === 0 ? bytes : bytes.subarray(at)];
    this.#length = bytes.length - at;
  }

  /** Bytes, length included, that the frame begun will have; null while not even its length is whole. */
  #wanted(): number | null {
    if (this.#length < 4) return null;
    let first = this.#parts[0];
    if (first === undefined || first.length < 4) {
      first = Buffer.concat(this.#parts, this.#length);
      this.#parts = [first];
    }
    return 4 + frameLength(first.readUInt32BE(0));
  }
}

function frameLength(length: number): number {
  if (length === 0 || length > MAX_FRAME) throw new FrameError(`a frame of ${length} bytes`);
  return length;
}
