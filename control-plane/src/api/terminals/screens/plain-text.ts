const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Printable ASCII, tab, carriage return and newline: what moves a screen on and changes nothing else of it. */
const PLAIN = new Uint8Array(256);
for (let byte = 0x20; byte < 0x7f; byte += 1) PLAIN[byte] = 1;
for (const byte of [TAB, NEWLINE, RETURN]) PLAIN[byte] = 1;

/** Where plain text is written. */
export interface TextPlace {
  /** Columns of the terminal, and the one of the cursor before the text: from 0, and `cols` behind the last. */
  readonly cols: number;
  readonly column: number;
  /** Whole lines that must follow what is left out, so that nothing of it is on the screen or in the scrollback by the end. */
  readonly lines: number;
}

/** The end of some plain text, which is all of it that a terminal still shows. */
export interface TextEnd {
  readonly from: number;
  /** Column of the cursor there. */
  readonly column: number;
}

/**
 * Finds how much at the beginning of some output need not be parsed: plain text only, that other lines push away. True for a terminal without
 * margins, in its normal buffer, with ordinary modes.
 * @returns null when all of it must be parsed.
 */
export function endOfPlainText(output: Uint8Array, place: TextPlace): TextEnd | null {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.byteLength);
  const from = lastLines(bytes, place.lines);
  if (from === 0 || !isPlain(bytes)) return null;
  const returned = bytes.lastIndexOf(RETURN, from - 1);
  const column = columnAfter(bytes.subarray(returned + 1, from), returned === -1 ? place.column : 0, place.cols);
  return column === null ? null : { from, column };
}

function isPlain(bytes: Uint8Array): boolean {
  // Bulk output passes here byte by byte: an iterator takes five times as long.
  let plain = 1;
  for (let at = 0; at < bytes.length; at += 1) plain &= PLAIN[bytes[at] as number] as number;
  return plain === 1;
}

/** Bytes with which output may change more than what is written where: escape, the shifts, and the first byte of a C1 control (RFC 3629, ECMA-48). */
const STIRRING = [0x1b, 0x0e, 0x0f, 0xc2];

/** Whether output does nothing but write text and move on: colours, modes, margins and titles stay what they are. */
export function isText(bytes: Buffer): boolean {
  return !STIRRING.some((byte) => bytes.includes(byte));
}

/**
 * Finds the end of some text that pushes everything before it away, wherever that was written.
 * @returns where it begins, in the first column; null when there is too little.
 */
export function endOfText(bytes: Uint8Array, lines: number): number | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = lastLines(text, lines);
  const newline = from < 2 ? -1 : text.lastIndexOf('\r\n', from - 2);
  return newline === -1 ? null : newline + 2;
}

/** @returns where the first `lines` lines end; the length when there are no more. */
export function endOfLines(bytes: Uint8Array, lines: number): number {
  let at = 0;
  for (let found = 0; found < lines; found += 1) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline === -1) return bytes.length;
    at = newline + 1;
  }
  return at;
}

/** @returns where the last `lines` lines begin; 0 when there are no more. */
function lastLines(bytes: Buffer, lines: number): number {
  let at = bytes.length;
  for (let found = 0; found <= lines; found += 1) {
    if (at === 0) return 0;
    at = bytes.lastIndexOf(NEWLINE, at - 1);
    if (at === -1) return 0;
  }
  return at + 1;
}

/** @param text without a return, as each of its newlines keeps the column. @returns null with a tab in it: stops may stand anywhere. */
function columnAfter(text: Buffer, column: number, cols: number): number | null {
  if (text.includes(TAB)) return null;
  let place = column;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf(NEWLINE, at);
    const end = newline === -1 ? text.length : newline;
    // The character behind the last column begins the next line.
    if (end > at) place = ((place + end - at - 1) % cols) + 1;
    // A newline there goes down from the last.
    if (newline !== -1) place = Math.min(place, cols - 1);
    at = end + 1;
  }
  return place;
}
