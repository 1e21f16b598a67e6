import { OUTPUT_WINDOW } from '@netpilot/control-plane/contract/terminal-frames.ts';

/** Bytes parsed after which an acknowledgement is sent without waiting for the timer. */
export const ACK_BYTES = 65_536;

/** Output that does not follow on from what is there; the socket must be opened again from the parsed offset. */
export class OutputGapError extends Error {
  override name = 'OutputGapError';
}

/**
 * Counts a terminal's output by its offsets: received from the socket, parsed by the screen, acknowledged to the api.
 * Invariant: acknowledged <= parsed <= received <= acknowledged + {@link OUTPUT_WINDOW}.
 */
export class OutputLedger {
  #received = 0;
  #parsed = 0;
  #acknowledged = 0;

  /** Where to continue after a break: everything before it is on the screen. */
  get parsed(): number {
    return this.#parsed;
  }

  get received(): number {
    return this.#received;
  }

  /** Begins an attachment at `offset`. Bytes received but not parsed yet must have been parsed or dropped before. */
  begin(offset: number): void {
    this.#received = offset;
    this.#parsed = offset;
    this.#acknowledged = offset;
  }

  /**
   * @returns the part of `bytes` that is new; a repeated beginning is left out.
   * @throws OutputGapError when bytes are missing before `offset`, or when the sender does not keep to the window.
   */
  receive(offset: number, bytes: Uint8Array): Uint8Array {
    if (offset > this.#received) throw new OutputGapError(`${offset - this.#received} bytes are missing`);
    const fresh = bytes.subarray(Math.min(bytes.length, this.#received - offset));
    if (this.#received + fresh.length - this.#acknowledged > OUTPUT_WINDOW) {
      throw new OutputGapError('more output than the window allows');
    }
    this.#received += fresh.length;
    return fresh;
  }

  /** The screen has parsed `count` more bytes. @returns true when an acknowledgement is due at once. */
  parse(count: number): boolean {
    this.#parsed = Math.min(this.#received, this.#parsed + count);
    return this.#parsed - this.#acknowledged >= ACK_BYTES;
  }

  /** @returns the offset to acknowledge, or null when the api knows it already. */
  acknowledge(): number | null {
    if (this.#parsed === this.#acknowledged) return null;
    this.#acknowledged = this.#parsed;
    return this.#parsed;
  }
}
