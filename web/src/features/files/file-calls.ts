import { FileVersionList, FileUploadView, entityTag } from '@netpilot/control-plane/contract/file-api.ts';
import type { FileUploadEnd, FileUploadStart } from '@netpilot/control-plane/contract/file-api.ts';
import {
  FileChanged,
  FileCount,
  FileDigest,
  FileListLine,
  FileRoadView,
  FileSearchLine,
  FileSpace,
  FileStat,
  FileUnpacked,
  FileUploadState,
} from '@netpilot/control-plane/contract/files.ts';
import type { FileChange } from '@netpilot/control-plane/contract/files.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import type { z } from 'zod';
import { request, requestRaw } from '../../api/client.ts';
import { readLines } from './ndjson.ts';

const OCTETS = { 'content-type': 'application/octet-stream' };

/** Never from the browser's own cache: with parts of a file it mixes those of before it was changed, and it would keep all that is downloaded. */
export function raw(address: string, init: RequestInit): Promise<Response> {
  return requestRaw(address, { ...init, cache: 'no-store' });
}

/** What must be there for a save to go through. */
export type SaveCondition = { readonly version: string } | 'nothing' | 'anything';

/** One function for each request about the files of a session; each throws what `request` throws. */
export function fileCalls(sessionId: string) {
  const base = `/sessions/${sessionId}/files`;
  const address = (what: string, query: Readonly<Record<string, string | number>>) =>
    `${base}/${what}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString()}`;
  const ask = <T extends z.ZodType>(what: string, path: RouterPath, answer: T, signal?: AbortSignal) =>
    request({ path: address(what, { path }), answer, ...(signal === undefined ? {} : { signal }) });

  return {
    road: (signal?: AbortSignal) =>
      request({ path: `${base}/road`, answer: FileRoadView, ...(signal === undefined ? {} : { signal }) }),
    stat: (path: RouterPath, signal?: AbortSignal) => ask('stat', path, FileStat, signal),
    count: (path: RouterPath, signal?: AbortSignal) => ask('count', path, FileCount, signal),
    digest: (path: RouterPath, signal?: AbortSignal) => ask('sha256', path, FileDigest, signal),
    space: (path: RouterPath, signal?: AbortSignal) => ask('space', path, FileSpace, signal),
    versions: (path: RouterPath, signal?: AbortSignal) => ask('versions', path, FileVersionList, signal),
    change: (body: FileChange) => request({ method: 'POST', path: `${base}/changes`, body, answer: FileChanged }),

    list: async (path: RouterPath, signal: AbortSignal) =>
      readLines(await raw(address('list', { path }), { signal }), FileListLine),
    search: async (path: RouterPath, text: string, signal: AbortSignal) =>
      readLines(await raw(address('search', { path, text }), { signal }), FileSearchLine),

    /** Bytes from `offset` on, `length` at most; the answer's ETag is of the version that they are of. */
    content: (path: RouterPath, offset: number, length: number, signal: AbortSignal) =>
      raw(address('content', { path }), {
        signal,
        headers: { range: `bytes=${offset}-${offset + length - 1}` },
      }),
    follow: (path: RouterPath, signal: AbortSignal) => raw(address('follow', { path }), { signal }),
    version: async (versionId: string) =>
      new Uint8Array(await (await raw(`${base}/versions/${versionId}`, {})).arrayBuffer()),
    save: async (path: RouterPath, bytes: Uint8Array<ArrayBuffer>, condition: SaveCondition): Promise<FileStat> => {
      const conditions: Record<string, string> =
        condition === 'anything'
          ? {}
          : condition === 'nothing'
            ? { 'if-none-match': '*' }
            : { 'if-match': entityTag(condition.version) };
      const init = { method: 'PUT', headers: { ...OCTETS, ...conditions }, body: bytes };
      return FileStat.parse(await (await raw(address('content', { path }), init)).json());
    },

    /** Where a browser finds the bytes by itself. */
    contentAddress: (path: RouterPath) => address('content', { path }),
    archiveAddress: (path: RouterPath) => address('archive', { path }),
    unpack: async (path: RouterPath, tar: Blob, signal: AbortSignal): Promise<FileUnpacked> => {
      const init = { method: 'PUT', headers: { 'content-type': 'application/x-tar' }, body: tar, signal };
      return FileUnpacked.parse(await (await raw(address('archive', { path }), init)).json());
    },

    startUpload: (body: FileUploadStart) =>
      request({ method: 'POST', path: `${base}/uploads`, body, answer: FileUploadView }),
    sendPiece: async (
      uploadId: string,
      path: RouterPath,
      offset: number,
      bytes: Blob,
      signal: AbortSignal,
    ): Promise<FileUploadState> => {
      const init = { method: 'PATCH', headers: OCTETS, body: bytes, signal };
      const response = await raw(address(`uploads/${uploadId}`, { path, offset }), init);
      return FileUploadState.parse(await response.json());
    },
    finishUpload: (uploadId: string, body: FileUploadEnd) =>
      request({ method: 'POST', path: `${base}/uploads/${uploadId}/finish`, body, answer: FileStat }),
    abortUpload: (uploadId: string, path: RouterPath) =>
      request({ method: 'DELETE', path: address(`uploads/${uploadId}`, { path }) }),
  } as const;
}
export type FileCalls = ReturnType<typeof fileCalls>;
