import {
  type RouterName,
  type RouterPath,
  decodeRouterPath,
  encodeRouterName,
  encodeRouterPath,
  isPlainName,
  joinRouterPath,
} from '@netpilot/control-plane/contract/router-path.ts';

/** @returns the name that a person typed; null when no folder can hold it. */
export function typedName(text: string): RouterName | null {
  const bytes = new TextEncoder().encode(text);
  return isPlainName(bytes) && !/\p{Cc}/u.test(text) ? encodeRouterName(bytes) : null;
}

/** @returns the absolute path that a person typed, without `.` and empty parts and with `..` taken as up; null for none. */
export function typedPath(text: string): RouterPath | null {
  if (!text.startsWith('/') || /\p{Cc}/u.test(text)) return null;
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const path = encodeRouterPath(new TextEncoder().encode(`/${parts.join('/')}`));
  return decodeRouterPath(path) === null ? null : path;
}

/** @returns the path of an entry; throws for a name that the api has never sent. */
export function pathOf(folder: RouterPath, name: RouterName): RouterPath {
  const path = joinRouterPath(folder, name);
  if (path === null) throw new Error('This name is longer than a path may be.');
  return path;
}
