import { type RouterName, type RouterPath, decodeRouterName, decodeRouterPath } from './router-path.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };
/** Control and format characters, private ones, line separators, and spaces that look like none or like the plain one. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\\]|(?! )\p{Zs}/gu;

/** @returns a number of bytes as people read it: `0 B`, `3.4 KiB`, `120 MiB`. */
export function sizeWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** @returns a name as people can read and tell apart: what cannot be seen, or turns the reading direction, is escaped. */
export function printableName(name: RouterName): string {
  return printableBytes(decodeRouterName(name));
}

/** @returns a path in the same form, for audit entries and pages. */
export function printablePath(path: RouterPath): string {
  return printableBytes(decodeRouterPath(path) ?? new TextEncoder().encode(path));
}

/** UTF-8 as it is, `\n`, `\xNN` for other control characters and for bytes that are no UTF-8, `\u{…}` for the rest; `\` is doubled. */
function printableBytes(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterAt(bytes, at);
    if (length === 0) {
      text += hexByte(bytes[at] ?? 0);
      at += 1;
    } else {
      text += strict.decode(bytes.subarray(at, at + length)).replaceAll(UNSEEN, escapeCharacter);
      at += length;
    }
  }
  return text;
}

/** @returns the bytes of the UTF-8 character that begins at `at`; 0 when none does. */
function characterAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length <= 1) return length;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT[character] ?? (code < 0x80 ? hexByte(code) : `\\u{${code.toString(16)}}`);
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
