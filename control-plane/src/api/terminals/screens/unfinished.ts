const ESC = 0x1b;
/** An unfinished string may be endless; its beginning is enough to bring a parser into the same state. */
export const MOST_UNFINISHED = 65_536;

/** Second bytes of the C1 controls that begin a sequence, in UTF-8 behind 0xc2: DCS, SOS, CSI, OSC, PM, APC. */
const C1_INTRODUCERS = new Set([0x90, 0x98, 0x9b, 0x9d, 0x9e, 0x9f]);

/** What a parser is in the middle of. */
export interface ParserState {
  /** Nothing is begun. */
  readonly ground: boolean;
  readonly partialCharacter: boolean;
}

/**
 * Finds the part of the output that a parser has begun and not finished.
 * @param before what was unfinished before `bytes`
 * @returns bytes that bring a parser in its ground state into `state` without showing anything.
 */
export function unfinished(before: Uint8Array, bytes: Uint8Array, state: ParserState): Uint8Array {
  if (state.ground && !state.partialCharacter) return new Uint8Array(0);
  const all = Buffer.concat([before, bytes]);
  const from = state.ground ? all.length : introducer(all);
  const sequence = all.subarray(from);
  const partial = state.partialCharacter ? partialCharacter(all) : new Uint8Array(0);
  if (state.ground) return partial;
  // Controls within a sequence have taken effect at once, and those within a string have none.
  return sequence.subarray(0, MOST_UNFINISHED).filter((byte) => byte >= 0x20 || byte === ESC);
}

function introducer(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    if (bytes[at] === ESC) return at;
    if (bytes[at] === 0xc2 && C1_INTRODUCERS.has(bytes[at + 1] ?? 0)) return at;
  }
  return 0;
}

/** @returns the beginning of a UTF-8 character at the very end. */
function partialCharacter(bytes: Uint8Array): Uint8Array {
  for (let length = 1; length <= 3 && length <= bytes.length; length += 1) {
    if ((bytes[bytes.length - length] ?? 0) >= 0xc0) return bytes.subarray(bytes.length - length);
  }
  return new Uint8Array(0);
}
