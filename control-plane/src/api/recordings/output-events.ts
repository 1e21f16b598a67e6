import { isUtf8 } from 'node:buffer';
import { CODE, MAX_EVENT_OUTPUT, OUTPUT_TAIL, eventLine, outputStart } from './cast-format.ts';
import type { LineBuffer } from './line-buffer.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Turns the output of one terminal into the lines of its events, whole and exact: a character that is cut by the end of a chunk, and bytes
 * that are no characters at all, get a `b` event with the bytes in front of an `o` event with what a player shows for them.
 */
export class OutputEvents {
  /** The first bytes of a character whose rest has not come yet; they are recorded, but not shown by a player. */
  #begun: Uint8Array = NOTHING;

  /** Puts the lines for `output`, at least one byte of it, at a time since the start in milliseconds. */
  encode(output: Uint8Array, milliseconds: number, lines: LineBuffer): void {
    let rest = output;
    if (this.#begun.length > 0) {
      const missing = Math.max(1, characterLength(this.#begun[0] ?? 0) - this.#begun.length);
      const piece = rest.subarray(0, missing);
      const joined = Buffer.concat([this.#begun, piece]);
      const isOpen = unfinishedLength(joined) === joined.length;
      this.#begun = isOpen ? joined : NOTHING;
      putExact(piece, isOpen ? '' : joined.toString('utf8'), milliseconds, lines);
      rest = rest.subarray(piece.length);
    }
    while (rest.length > 0) {
      const piece = rest.length > MAX_EVENT_OUTPUT ? cutBetweenCharacters(rest) : rest;
      rest = rest.subarray(piece.length);
      this.#encodePiece(piece, milliseconds, lines);
    }
  }

  #encodePiece(piece: Uint8Array, milliseconds: number, lines: LineBuffer): void {
    const open = unfinishedLength(piece);
    const closed = piece.subarray(0, piece.length - open);
    if (closed.length > 0) {
      if (isUtf8(closed)) putPlain(closed, milliseconds, lines);
      else putExact(closed, Buffer.from(closed).toString('utf8'), milliseconds, lines);
    }
    if (open > 0) {
      this.#begun = Buffer.from(piece.subarray(closed.length));
      putExact(this.#begun, '', milliseconds, lines);
    }
  }
}

function putPlain(text: Uint8Array, milliseconds: number, lines: LineBuffer): void {
  lines.putAscii(outputStart(milliseconds));
  lines.putJsonText(text);
  lines.putAscii(OUTPUT_TAIL);
}

function putExact(bytes: Uint8Array, shown: string, milliseconds: number, lines: LineBuffer): void {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  lines.put(eventLine(milliseconds, CODE.bytes, base64));
  lines.put(eventLine(milliseconds, CODE.output, shown));
}

/** Bytes of the character that a byte begins (RFC 3629, section 4); 0 for one that begins none. */
function characterLength(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
}

/** How many of the last bytes are the beginning of a character that the next bytes may finish. */
function unfinishedLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return characterLength(byte) > back ? back : 0;
  }
  return 0;
}

/** The first bytes of what is too long for one event, without a part of a character at the end. */
function cutBetweenCharacters(bytes: Uint8Array): Uint8Array {
  const piece = bytes.subarray(0, MAX_EVENT_OUTPUT);
  return piece.subarray(0, piece.length - unfinishedLength(piece));
}
