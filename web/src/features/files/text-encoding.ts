/** The encodings that files on routers come in. */
export type Encoding = 'utf-8' | 'utf-8-bom' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export const ENCODING_WORDS: Readonly<Record<Encoding, string>> = {
  'utf-8': 'UTF-8',
  'utf-8-bom': 'UTF-8 with BOM',
  'utf-16le': 'UTF-16 LE',
  'utf-16be': 'UTF-16 BE',
  'windows-1252': 'Windows-1252',
};

/** A text as an editor has it; encoding it again gives the very bytes it was made of. */
export interface DecodedText {
  readonly text: string;
  readonly encoding: Encoding;
  /** `\r\n` only where every line ends so; else `\r` is part of the text. */
  readonly lineSeparator: '\n' | '\r\n';
}

/** Control characters that text has: tab, line feed, form feed, carriage return, escape. */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b]);
/** Share of other control characters past which bytes are no text. */
const MAX_CONTROLS = 0.02;

/**
 * Finds out what text bytes are: by byte order mark, as UTF-8 where they are valid, else as Windows-1252, which every byte is.
 * @returns null for what is no text, or would not come out as it went in.
 */
export function decodeText(bytes: Uint8Array): DecodedText | null {
  const encoding = detect(bytes);
  if (encoding === null) return null;
  const text = new TextDecoder(LABELS[encoding], { ignoreBOM: true }).decode(bytes.subarray(MARKS[encoding].length));
  const decoded = {
    text,
    encoding,
    lineSeparator: /(^|[^\r])\n/u.test(text) || !text.includes('\r\n') ? '\n' : '\r\n',
  } as const;
  return sameBytes(encodeText(text, encoding) ?? Uint8Array.of(), bytes) ? decoded : null;
}

/** @returns the bytes of a text; null when the encoding has no room for one of its characters. */
export function encodeText(text: string, encoding: Encoding): Uint8Array<ArrayBuffer> | null {
  const mark = MARKS[encoding];
  if (encoding === 'windows-1252') return encodeBytewise(text);
  if (encoding === 'utf-8' || encoding === 'utf-8-bom') return joined(mark, new TextEncoder().encode(text));
  const body = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at += 1) body.setUint16(at * 2, text.charCodeAt(at), encoding === 'utf-16le');
  return joined(mark, new Uint8Array(body.buffer));
}

const LABELS: Readonly<Record<Encoding, string>> = {
  'utf-8': 'utf-8',
  'utf-8-bom': 'utf-8',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'windows-1252': 'windows-1252',
};
const MARKS: Readonly<Record<Encoding, readonly number[]>> = {
  'utf-8': [],
  'utf-8-bom': [0xef, 0xbb, 0xbf],
  'utf-16le': [0xff, 0xfe],
  'utf-16be': [0xfe, 0xff],
  'windows-1252': [],
};

function detect(bytes: Uint8Array): Encoding | null {
  for (const encoding of ['utf-8-bom', 'utf-16le', 'utf-16be'] as const) {
    if (MARKS[encoding].every((byte, at) => bytes[at] === byte)) return encoding;
  }
  let controls = 0;
  for (const byte of bytes) {
    if (byte === 0) return null;
    if (byte < 0x20 && !TEXT_CONTROLS.has(byte)) controls += 1;
  }
  if (controls > bytes.length * MAX_CONTROLS) return null;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

/** Each byte's character in Windows-1252, by the browser's own table (WHATWG Encoding, index windows-1252). */
function encodeBytewise(text: string): Uint8Array<ArrayBuffer> | null {
  const table = new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  const bytes = new Map([...table].map((character, byte) => [character, byte]));
  const encoded = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const byte = bytes.get(text.charAt(at));
    if (byte === undefined) return null;
    encoded[at] = byte;
  }
  return encoded;
}

function joined(mark: readonly number[], body: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(mark.length + body.length);
  all.set(mark);
  all.set(body, mark.length);
  return all;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
