/** Printable ASCII, tab, carriage return and newline: what moves a screen on and changes nothing else of it. */
const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte += 1) PLAIN[byte] = 1;
for (const byte of [0x09, 0x0a, 0x0d]) PLAIN[byte] = 1;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Finds how much at the beginning of some output need not be parsed: plain text only, of which `lines` whole lines follow, so that
 * everything before has left screen and scrollback by the end. True for a terminal without margins, in its normal buffer, with ordinary modes.
 * @returns bytes to leave out; 0 when all of it must be parsed.
 */
export function skippable(bytes: Uint8Array, lines: number): number {
  let found = 0;
  let start = -1;
  for (let at = bytes.length - 1; at > 0; at -= 1) {
    if (bytes[at] !== NEWLINE) continue;
    found += 1;
    // Only behind a return and a newline the column is known.
    if (found > lines && bytes[at - 1] === RETURN) {
      start = at + 1;
      break;
    }
  }
  if (start <= 0) return 0;
  for (const byte of bytes) if (PLAIN[byte] !== 1) return 0;
  return start;
}
