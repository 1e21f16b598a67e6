import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { MAX_VERSION_BYTES, versionOfTag } from '../../../contract/file-api.ts';
import { type FileExpectation, type FileStat, MAX_SAVE_BYTES } from '../../../contract/files.ts';
import type { RouterPath } from '../../../contract/router-path.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { ProblemError } from '../errors.ts';
import { outcomeOf } from './delivery.ts';
import { whatChanged } from './downloads.ts';
import { type OpenFiles, unlessVanished } from './file-desk.ts';
import type { FileVersions } from './file-versions.ts';
import { metered } from './metered.ts';
import type { Passage, Passages } from './passages.ts';
import { TransferRecord } from './transfer-record.ts';

/** A whole file as one request brings it. */
export interface SaveRequest {
  readonly path: RouterPath;
  readonly body: Readable;
  /** Bytes of the body; null when the request does not say. */
  readonly length: number | null;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  /** Permission bits; null keeps those of the file. */
  readonly mode: number | null;
}

export interface SaveServices {
  readonly passages: Passages;
  readonly audit: AuditLog;
  readonly versions: FileVersions;
}

/** Puts whole files in place, atomically, and keeps what was there before. */
export class Saves {
  readonly #services: SaveServices;

  constructor(services: SaveServices) {
    this.#services = services;
  }

  /**
   * @returns the file as it is now.
   * @throws ProblemError `file_changed` or `file_exists` when another file is there than the conditions say, other `file_…`.
   */
  async save(open: OpenFiles, request: SaveRequest): Promise<FileStat> {
    const { passages, audit } = this.#services;
    const { session, actor, files } = open;
    const expect = expectationOf(request);
    const passage = await passages.begin(session, actor, request.length);
    try {
      const there = await files.stat({ path: request.path, follow: true }).catch(unlessVanished);
      if (expect.type === 'version' && there?.version !== expect.version) {
        throw new ProblemError('file_changed', there === null ? 'It is not there any more.' : whatChanged(there));
      }
      if (expect.type === 'nothing' && there !== null) throw new ProblemError('file_exists');
      const record = await TransferRecord.begin(audit, {
        identity: session.identity,
        actor,
        direction: 'upload',
        what: 'saved',
        path: request.path,
        offset: 0,
        size: request.length,
      });
      try {
        const stat =
          (request.length ?? 0) > MAX_SAVE_BYTES
            ? await this.#stream(open, request, expect, passage, record)
            : await this.#replace(open, request, expect, there, passage, record);
        await record.end('done');
        return stat;
      } catch (error) {
        const { result, reason } = outcomeOf(error, passage.signal, 'cut');
        await record.end(result, { reason });
        throw error;
      }
    } finally {
      await passage.end();
    }
  }

  /** A small file: what is there is read, kept and compared by its content, as two changes within a second may look alike. */
  async #replace(
    open: OpenFiles,
    { path, body, mode }: SaveRequest,
    expect: FileExpectation,
    there: FileStat | null,
    passage: Passage,
    record: TransferRecord,
  ): Promise<FileStat> {
    const content = await collect(metered(body, passage, record), MAX_SAVE_BYTES);
    const before = there === null ? null : await this.#contentOf(open, there, passage.signal);
    const save = (expected: FileExpectation) =>
      open.files.save({ path, expect: expected, mode }, Readable.from([content]), passage.signal);
    if (before === null) return save(expect);
    const sha256 = createHash('sha256').update(before).digest('hex');
    const { organisationId, routerId } = open.session.identity;
    // Nothing is lost by what changes nothing; and without its router's row a session is about to end.
    const forget =
      before.equals(content) || routerId === null
        ? null
        : await this.#services.versions.keep({ organisationId, routerId, path }, before, open.actor);
    try {
      return await save({ type: 'content', sha256 });
    } catch (error) {
      await forget?.();
      throw error;
    }
  }

  /** @returns null for what is too large to be kept, or has no size before it is read. */
  async #contentOf(
    open: OpenFiles,
    { path, size, type, version }: FileStat,
    signal: AbortSignal,
  ): Promise<Buffer | null> {
    if (type !== 'file' || size > MAX_VERSION_BYTES) return null;
    const bytes = await open.files.read({ path, offset: 0, length: null, version }, signal);
    if (bytes.head.length === null || bytes.head.length > MAX_VERSION_BYTES) {
      bytes.body.destroy();
      return null;
    }
    const content = await collect(bytes.body as AsyncIterable<Buffer>, MAX_VERSION_BYTES);
    if (bytes.end().outcome !== 'complete') throw new ProblemError('file_changed', 'It was changed just now.');
    return content;
  }

  /** A large one goes through like any upload, in one piece. */
  async #stream(
    { files }: OpenFiles,
    { path, body, length, mode }: SaveRequest,
    expect: FileExpectation,
    passage: Passage,
    record: TransferRecord,
  ): Promise<FileStat> {
    const upload = { uploadId: randomBytes(16).toString('hex'), path };
    const size = length ?? 0;
    await files.uploadBegin({ ...upload, size, expect });
    try {
      const bytes = Readable.from(metered(body, passage, record), { objectMode: false });
      await files.uploadBytes({ ...upload, offset: 0 }, bytes, passage.signal);
      const sha256 = record.sum;
      if (record.bytes !== size || sha256 === null) throw new ProblemError('invalid_request', 'The body was cut.');
      return await files.uploadFinish({ ...upload, size, expect, sha256, mode });
    } catch (error) {
      // What the router kept of it would only take its space; when the router is gone it stays hidden.
      await files.uploadAbort(upload).catch(() => undefined);
      throw error;
    }
  }
}

/** @throws ProblemError `invalid_request` for conditions that no file of ours can meet. */
function expectationOf({ ifMatch, ifNoneMatch }: SaveRequest): FileExpectation {
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') throw new ProblemError('invalid_request', 'If-None-Match can only be *.');
    return { type: 'nothing' };
  }
  if (ifMatch === undefined || ifMatch.trim() === '*') return { type: 'anything' };
  const version = versionOfTag(ifMatch);
  if (version === null) throw new ProblemError('file_changed', 'The tag is not one of this file.');
  return { type: 'version', version };
}

/** @throws ProblemError `file_too_large` for more than `max` bytes. */
async function collect(source: AsyncIterable<Buffer>, max: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of source) {
    length += part.length;
    if (length > max) throw new ProblemError('file_too_large', `It has more than ${max} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
