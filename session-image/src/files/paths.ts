import { randomBytes } from 'node:crypto';
import { decodeRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { FileFailure } from './file-failure.ts';

const SLASH = 0x2f;
/** An upload goes on at a multiple of this: `dd` counts in blocks. */
export const BLOCK = 65_536;

/** @returns the bytes of a path that the contract let through. */
export function pathBytes(path: RouterPath): Buffer {
  return Buffer.from(decodeRouterPath(path) ?? []);
}

/** The folder of a path and its own name; of the root the root and `.`. */
export function splitPath(path: Buffer): { folder: Buffer; name: Buffer } {
  let end = path.length;
  while (end > 1 && path[end - 1] === SLASH) end--;
  if (end === 1) return { folder: Buffer.from('/'), name: Buffer.from('.') };
  const at = path.lastIndexOf(SLASH, end - 1);
  let folderEnd = at;
  while (folderEnd > 0 && path[folderEnd - 1] === SLASH) folderEnd--;
  return { folder: folderEnd === 0 ? Buffer.from('/') : path.subarray(0, folderEnd), name: path.subarray(at + 1, end) };
}

export function joinPath(folder: Buffer, name: Buffer): Buffer {
  return folder.at(-1) === SLASH ? Buffer.concat([folder, name]) : Buffer.concat([folder, Buffer.from('/'), name]);
}

/** @throws FileFailure for the root, `.` and `..`: what may not be renamed, replaced or deleted. */
export function requireOwnName(path: Buffer): Buffer {
  const name = splitPath(path).name.toString('latin1');
  if (name === '.' || name === '..') throw new FileFailure('busy', 'This folder has no name of its own.');
  return path;
}

/** @returns the path of the hidden file beside `path` in which an upload grows. @param uploadId 32 hex digits */
export function temporaryPath(path: Buffer, uploadId = randomBytes(16).toString('hex')): Buffer {
  return joinPath(splitPath(path).folder, Buffer.from(`.netpilot-${uploadId}.part`));
}
