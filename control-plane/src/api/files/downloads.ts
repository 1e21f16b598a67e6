import { Readable } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import { type FileVersion, entityTag } from '../../../contract/file-api.ts';
import type { FileStat } from '../../../contract/files.ts';
import { type RouterPath, routerPathText, splitRouterPath } from '../../../contract/router-path.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { ProblemError, notFound } from '../errors.ts';
import type { FileBytes } from '../sandbox-link/agent-files.ts';
import { type ByteRange, holdsTag, parseRange } from '../http/byte-range.ts';
import { attachment } from './content-disposition.ts';
import { deliver } from './delivery.ts';
import type { OpenFiles } from './file-desk.ts';
import type { FileVersions } from './file-versions.ts';
import type { Passages } from './passages.ts';
import { type TransferPlan, TransferRecord } from './transfer-record.ts';

/** The conditions of a request (RFC 9110, section 13); absent headers are undefined. */
export interface Conditions {
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** Who reads an answer. */
export interface Reader {
  /** Nobody wants the body (HEAD). */
  readonly headOnly: boolean;
  /** Aborted when they have gone. */
  readonly gone: AbortSignal;
}

/** An answer with bytes, or without. */
export interface Download {
  readonly status: 200 | 206 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable | null;
}

export interface DownloadServices {
  readonly passages: Passages;
  readonly audit: AuditLog;
  readonly versions: FileVersions;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** Bytes from the router to the person. */
export class Downloads {
  readonly #services: DownloadServices;

  constructor(services: DownloadServices) {
    this.#services = services;
  }

  /**
   * A file or a part of it.
   * @throws ProblemError `file_…`, with `file_changed` for a failed `If-Match` and `range_not_satisfiable` for a range past the end.
   */
  async content(open: OpenFiles, path: RouterPath, conditions: Conditions, reader: Reader): Promise<Download> {
    const stat = await open.files.stat({ path, follow: true });
    refuseOthers(stat);
    const tag = entityTag(stat.version);
    const headers = { ...headersOf(nameOf(path), stat), etag: tag };
    if (conditions.ifMatch !== undefined && !holdsTag(conditions.ifMatch, tag)) {
      throw new ProblemError('file_changed', whatChanged(stat));
    }
    if (conditions.ifNoneMatch !== undefined && holdsTag(conditions.ifNoneMatch, tag)) {
      return { status: 304, headers, body: null };
    }
    const range = rangeOf(conditions, tag, stat.size);
    if (reader.headOnly) {
      if (stat.size > 0) Object.assign(headers, { 'content-length': String(stat.size) });
      return { status: 200, headers, body: nothing() };
    }
    const offset = range?.first ?? 0;
    const length = range === null ? null : range.last - range.first + 1;
    const body = await this.#begin(open, reader, {
      plan: { direction: 'download', what: 'content', path, offset, size: length ?? stat.size },
      ask: (signal) => open.files.read({ path, offset, length, version: stat.version }, signal),
    });
    if (body.length !== null) Object.assign(headers, { 'content-length': String(body.length) });
    if (range === null) return { status: 200, headers, body: body.stream };
    const contentRange = `bytes ${range.first}-${range.last}/${stat.size}`;
    return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: body.stream };
  }

  /** A folder with all in it as tar; how long it gets nobody knows before. @throws ProblemError `file_…`. */
  async archive(open: OpenFiles, path: RouterPath, reader: Reader): Promise<Download> {
    const headers = { ...headersOf(`${nameOf(path)}.tar`), 'content-type': 'application/x-tar' };
    if (reader.headOnly) return { status: 200, headers, body: nothing() };
    const { stream } = await this.#begin(open, reader, {
      plan: { direction: 'download', what: 'archive', path, offset: 0, size: null },
      ask: (signal) => open.files.tar({ path }, signal),
    });
    return { status: 200, headers, body: stream };
  }

  /** What is written to a file from now on, `back` bytes of before first. @throws ProblemError `file_…`. */
  async follow(open: OpenFiles, path: RouterPath, back: number, reader: Reader): Promise<Download> {
    refuseOthers(await open.files.stat({ path, follow: true }));
    const headers = headersOf(nameOf(path));
    if (reader.headOnly) return { status: 200, headers, body: nothing() };
    const { stream } = await this.#begin(open, reader, {
      plan: { direction: 'download', what: 'followed', path, offset: 0, size: null },
      ask: (signal) => open.files.follow({ path, back }, signal),
    });
    return { status: 200, headers, body: stream };
  }

  /** What is kept of a file, newest first; nothing of a router that is about to be deleted. */
  async versions({ session }: OpenFiles, path: RouterPath): Promise<FileVersion[]> {
    const { organisationId, routerId } = session.identity;
    return routerId === null ? [] : this.#services.versions.list({ organisationId, routerId, path });
  }

  /** One kept version. @throws ProblemError `not_found`. */
  async version({ session, actor }: OpenFiles, id: string): Promise<Download> {
    const { passages, audit, versions } = this.#services;
    const { identity } = session;
    const { organisationId, routerId } = identity;
    if (routerId === null) throw notFound();
    const { path, content } = await versions.read({ organisationId, routerId }, id);
    const passage = await passages.begin(session, actor, content.length);
    try {
      const size = content.length;
      const record = await TransferRecord.begin(audit, {
        identity,
        actor,
        direction: 'download',
        what: 'version',
        path,
        offset: 0,
        size,
      });
      passage.take(size);
      record.add(content);
      await record.end('done');
      const headers = { ...headersOf(nameOf(path)), 'content-length': String(size) };
      return { status: 200, headers, body: Readable.from([content], { objectMode: false }) };
    } finally {
      await passage.end();
    }
  }

  async #begin(
    open: OpenFiles,
    { gone }: Reader,
    { plan, ask }: { plan: Omit<TransferPlan, 'identity' | 'actor'>; ask: (signal: AbortSignal) => Promise<FileBytes> },
  ): Promise<{ stream: Readable; length: number | null }> {
    const { passages, audit, log } = this.#services;
    const { session, actor } = open;
    const passage = await passages.begin(session, actor, plan.size);
    let bytes: FileBytes | null = null;
    try {
      bytes = await ask(AbortSignal.any([passage.signal, gone]));
      const record = await TransferRecord.begin(audit, { ...plan, identity: session.identity, actor });
      const stream = deliver({ bytes, passage, record, endless: plan.what === 'followed', log });
      return { stream, length: bytes.head.length };
    } catch (error) {
      bytes?.body.destroy();
      await passage.end();
      throw error;
    }
  }
}

/** For an answer that has only headers; Fastify would say of none that its length is 0. */
function nothing(): Readable {
  return Readable.from([]);
}

/** @throws ProblemError `file_is_directory`, `file_special` for what has no content. */
function refuseOthers({ type }: FileStat): void {
  if (type === 'folder') throw new ProblemError('file_is_directory');
  if (type !== 'file') throw new ProblemError('file_special');
}

/** @returns in words what a file is now, for somebody who expected it otherwise. */
export function whatChanged({ size, modifiedAt }: FileStat): string {
  return `It now has ${size} bytes${modifiedAt === null ? '' : ` and was changed at ${modifiedAt}`}.`;
}

/** @returns null for the whole file. @throws ProblemError `range_not_satisfiable`. */
function rangeOf({ range, ifRange }: Conditions, tag: string, size: number): ByteRange | null {
  if (ifRange !== undefined && ifRange.trim() !== tag) return null;
  // The size of a file of /proc is said to be 0 and is not.
  const parsed = size === 0 ? 'whole' : parseRange(range, size);
  if (parsed === 'unsatisfiable') throw new ProblemError('range_not_satisfiable', `It has ${size} bytes.`);
  return parsed === 'whole' ? null : parsed;
}

/** Headers under which no browser makes anything of the bytes but a file on disk. */
function headersOf(name: string, stat?: FileStat): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'content-disposition': attachment(name),
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'cache-control': 'private, no-cache',
    ...(stat === undefined ? {} : { 'accept-ranges': 'bytes' }),
    ...(typeof stat?.modifiedAt === 'string' ? { 'last-modified': new Date(stat.modifiedAt).toUTCString() } : {}),
  };
}

function nameOf(path: RouterPath): string {
  return splitRouterPath(path).name.text || routerPathText(path);
}
