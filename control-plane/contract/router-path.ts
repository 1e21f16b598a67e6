import { z } from 'zod';

/**
 * Paths and names on a router are bytes (POSIX.1-2017, 3.170): any but NUL, and `/` only between names. On the wire they are text where
 * they are UTF-8, which is nearly always, and base64 where they are not; each has exactly one form, so that two are the same when their
 * texts are.
 */

/** In front of the base64url of a path that is no UTF-8. A path is absolute, so no text of one begins so. */
const RAW_PREFIX = 'base64:';
/** Linux's own bounds in bytes, without the closing NUL. */
export const MAX_PATH_BYTES = 4_095;
export const MAX_NAME_BYTES = 255;
const SLASH = 0x2f;

const utf8 = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** An absolute path as it crosses the wire: `/etc/config`, or `base64:L2V0Yy__` when its bytes are no UTF-8. */
export const RouterPath = z
  .string()
  .max(RAW_PREFIX.length + Math.ceil((MAX_PATH_BYTES * 4) / 3))
  .refine((text) => decodeRouterPath(text) !== null, { message: 'must be an absolute path' });
export type RouterPath = z.infer<typeof RouterPath>;

/** One name on the router: its text, and its bytes in base64 when the text is only a likeness of them. */
export const RouterName = z.strictObject({
  /** For people; bytes that are no UTF-8 show as U+FFFD. May hold control characters and right-to-left marks: escape when shown. */
  text: z.string(),
  /** Base64 of the bytes; null when they are the UTF-8 of `text`. */
  raw: z.base64().nullable(),
});
export type RouterName = z.infer<typeof RouterName>;

/** @returns the bytes of a path as it came over the wire; null when it is none, or not in the one form that it has. */
export function decodeRouterPath(text: string): Uint8Array | null {
  const raw = text.startsWith(RAW_PREFIX);
  const bytes = raw
    ? fromBase64(text.slice(RAW_PREFIX.length).replaceAll('-', '+').replaceAll('_', '/'))
    : utf8.encode(text);
  if (bytes === null || bytes.length > MAX_PATH_BYTES || bytes[0] !== SLASH || bytes.includes(0)) return null;
  return encodeRouterPath(bytes) === text ? bytes : null;
}

/** @param path absolute. @returns its form on the wire. */
export function encodeRouterPath(path: Uint8Array): RouterPath {
  return (
    decodeStrictly(path) ?? RAW_PREFIX + toBase64(path).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/u, '')
  );
}

/** @returns a name's form on the wire. */
export function encodeRouterName(name: Uint8Array): RouterName {
  const text = decodeStrictly(name);
  return text === null ? { text: lenient.decode(name), raw: toBase64(name) } : { text, raw: null };
}

/** @returns the bytes of a name. */
export function decodeRouterName(name: RouterName): Uint8Array {
  return (name.raw === null ? null : fromBase64(name.raw)) ?? utf8.encode(name.text);
}

/** @returns the path of `name` in `folder`; null when it is none that a folder can hold, or the path gets too long. */
export function joinRouterPath(folder: RouterPath, name: RouterName): RouterPath | null {
  const front = decodeRouterPath(folder);
  const back = decodeRouterName(name);
  if (front === null || !isPlainName(back)) return null;
  const parts = front.at(-1) === SLASH ? [...front, ...back] : [...front, SLASH, ...back];
  return parts.length > MAX_PATH_BYTES ? null : encodeRouterPath(Uint8Array.from(parts));
}

/** @returns a path for people: as {@link RouterName.text} is. */
export function routerPathText(path: RouterPath): string {
  const bytes = decodeRouterPath(path);
  return bytes === null ? path : lenient.decode(bytes);
}

/** Splits a path into the folder that holds it and its own name; the root is its own folder and has an empty name. */
export function splitRouterPath(path: RouterPath): { folder: RouterPath; name: RouterName } {
  const bytes = decodeRouterPath(path) ?? utf8.encode('/');
  let end = bytes.length;
  while (end > 1 && bytes[end - 1] === SLASH) end -= 1;
  const at = bytes.lastIndexOf(SLASH, end - 1);
  const name = bytes.subarray(at + 1, end);
  let folderEnd = at;
  while (folderEnd > 0 && bytes[folderEnd - 1] === SLASH) folderEnd -= 1;
  return {
    folder: encodeRouterPath(folderEnd === 0 ? utf8.encode('/') : bytes.subarray(0, folderEnd)),
    name: encodeRouterName(name),
  };
}

/** True for what a folder can hold: not empty, `.` or `..`, no `/` or NUL, at most {@link MAX_NAME_BYTES}. */
export function isPlainName(name: Uint8Array): boolean {
  if (name.length === 0 || name.length > MAX_NAME_BYTES || name.includes(SLASH) || name.includes(0)) return false;
  return !(name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e)));
}

function decodeStrictly(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
