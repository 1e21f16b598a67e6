import { z } from 'zod';
import { FileExpectation, FileUploadRef } from './files.ts';
import { Id, Instant } from './identifiers.ts';
import { RouterPath } from './router-path.ts';

/**
 * What the REST API adds to `files.ts` for a browser. All of it is below `/api/v1/sessions/:id/files`; `path` stands in the query.
 *
 * | request | answer |
 * | --- | --- |
 * | `GET /road`, `/stat`, `/count`, `/sha256`, `/space` | as the agent answers |
 * | `GET /list`, `/search` | NDJSON as the agent's; ending the request ends the work on the router |
 * | `GET /follow` | bytes as they are written, until either side ends it |
 * | `GET /content` | bytes, with `ETag`, `Range`, `If-Range`, `If-None-Match` (RFC 9110); always as attachment |
 * | `PUT /content` | body: the whole file; `If-Match` or `If-None-Match: *` say what must be there; {@link FileStat} |
 * | `GET /archive`, `PUT /archive` | a folder as tar |
 * | `POST /changes` | body FileChange; FileChanged |
 * | `POST /uploads` | {@link FileUploadStart}; {@link FileUploadView}; again with its `uploadId` after a cut |
 * | `PATCH /uploads/:uploadId?path=&offset=` | body: bytes; FileUploadState |
 * | `POST /uploads/:uploadId/finish`, `DELETE /uploads/:uploadId?path=` | FileStat, nothing |
 * | `GET /versions`, `GET /versions/:versionId` | {@link FileVersionList}, bytes |
 */
export const FILE_API = 'files';

/** Bytes of a file up to which its earlier content is kept when it is saved with `If-Match`. */
export const MAX_VERSION_BYTES = 1_048_576;
/** Earlier contents kept of one file. */
export const VERSIONS_PER_FILE = 5;

/** An upload goes on at a multiple of this, in bytes: so every piece but the last should be one, or its end is sent again. */
export const UPLOAD_BLOCK = 65_536;

/** Before the first byte: what will come and what must be there. With `uploadId` an upload goes on that was begun before. */
export const FileUploadStart = z.strictObject({
  path: RouterPath,
  size: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  expect: FileExpectation,
  uploadId: FileUploadRef.shape.uploadId.optional(),
});
export type FileUploadStart = z.infer<typeof FileUploadStart>;

export const FileUploadView = z.strictObject({
  uploadId: FileUploadRef.shape.uploadId,
  /** Bytes that are safely on the router. */
  offset: z.int().min(0),
});
export type FileUploadView = z.infer<typeof FileUploadView>;

/** After the last byte; the router's own sum of what arrived must be `sha256`, else nothing changes under the path. */
export const FileUploadEnd = z.strictObject({
  path: RouterPath,
  size: FileUploadStart.shape.size,
  expect: FileExpectation,
  sha256: z.string().regex(/^[0-9a-f]{64}$/u),
  /** Permission bits; null keeps those of the file that is replaced. */
  mode: z.int().min(0).max(0o7777).nullable(),
});
export type FileUploadEnd = z.infer<typeof FileUploadEnd>;

/** What a file was before somebody saved it. */
export const FileVersion = z.strictObject({
  id: Id,
  size: z.int().min(0),
  sha256: z.string(),
  /** Who saved over it, and when. */
  userName: z.string(),
  createdAt: Instant,
});
export type FileVersion = z.infer<typeof FileVersion>;
export const FileVersionList = z.strictObject({ items: z.array(FileVersion).max(VERSIONS_PER_FILE) });

/** @returns the entity tag of a file's version: opaque, quoted, strong (RFC 9110, section 8.8.3). */
export function entityTag(version: string): string {
  let tag = '';
  for (const byte of new TextEncoder().encode(version)) tag += byte.toString(16).padStart(2, '0');
  return `"${tag}"`;
}

/** @returns the version that a tag of ours stands for; null for any other tag. */
export function versionOfTag(tag: string): string | null {
  const hex = /^"((?:[0-9a-f]{2}){1,200})"$/u.exec(tag.trim())?.[1];
  if (hex === undefined) return null;
  const bytes = Uint8Array.from(hex.match(/../gu) ?? [], (byte) => Number.parseInt(byte, 16));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
