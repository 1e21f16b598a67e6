/** The most bytes that one byte of text becomes inside a JSON string: `\u001b`. */
export const LARGEST_ESCAPE = 6;
/** Room that {@link writeJsonText} may touch behind what it wrote. */
export const SLACK = 8;

const SHORT: Readonly<Record<number, string>> = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r', 34: '"', 92: '\\' };
/** The first four bytes of what each byte becomes, little-endian, and how long that is in all. */
const WORDS = new Int32Array(256);
const LENGTHS = new Uint8Array(256);
/** The two hexadecimal digits of each byte. */
const DIGITS = new Int16Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  const escape = SHORT[byte] ?? (byte < 0x20 ? 'u' : null);
  const text = Buffer.from(escape === null ? [byte] : escape === 'u' ? '\\u00' : `\\${escape}`);
  const word = Buffer.alloc(4);
  text.copy(word);
  WORDS[byte] = word.readInt32LE();
  LENGTHS[byte] = escape === 'u' ? LARGEST_ESCAPE : text.length;
  DIGITS[byte] = Buffer.from(byte.toString(16).padStart(2, '0')).readInt16LE();
}

/** Bytes looked at together; plain ones are copied as they are. */
const STRIDE = 8;
const HIGH = 0x8080_8080;

/**
 * Writes text as the inside of a JSON string (RFC 8259, section 7), several times as fast as JSON.stringify: every byte of bulk output
 * passes here. The text must be UTF-8; what is above ASCII stays as it is.
 * @param target with room for {@link LARGEST_ESCAPE} bytes for each byte of text, and {@link SLACK}.
 * @returns the offset in the target behind what was written.
 */
export function writeJsonText(target: DataView, offset: number, text: Uint8Array): number {
  const source = new DataView(text.buffer, text.byteOffset, text.byteLength);
  const { length } = text;
  let to = offset;
  let from = 0;
  while (from < length) {
    while (from + STRIDE <= length) {
      const low = source.getInt32(from, true);
      const high = source.getInt32(from + 4, true);
      if (((needsEscape(low) | needsEscape(high)) & HIGH) !== 0) break;
      target.setInt32(to, low, true);
      target.setInt32(to + 4, high, true);
      to += STRIDE;
      from += STRIDE;
    }
    const end = Math.min(from + STRIDE, length);
    for (; from < end; from += 1) {
      const byte = text[from] as number;
      target.setInt32(to, WORDS[byte] as number, true);
      if (LENGTHS[byte] === LARGEST_ESCAPE) target.setInt16(to + 4, DIGITS[byte] as number, true);
      to += LENGTHS[byte] as number;
    }
  }
  return to;
}

/** The high bit of each of the four bytes that is a control character, a quote, a backslash or not ASCII (now and then of a plain one). */
function needsEscape(word: number): number {
  return (word - 0x2020_2020) | ((word ^ 0x2222_2222) - 0x0101_0101) | ((word ^ 0x5c5c_5c5c) - 0x0101_0101) | word;
}
