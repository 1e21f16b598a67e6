import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import {
  UPLOAD_BLOCK,
  type FileUploadEnd,
  type FileUploadStart,
  type FileUploadView,
} from '../../../contract/file-api.ts';
import type { FileStat, FileUnpacked, FileUploadState } from '../../../contract/files.ts';
import { sizeWords } from '../../../contract/printable.ts';
import type { RouterPath } from '../../../contract/router-path.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { ProblemError, notFound } from '../errors.ts';
import type { LiveSession } from '../sessions/live-session.ts';
import { whileLive } from '../sessions/while-live.ts';
import { outcomeOf } from './delivery.ts';
import type { OpenFiles } from './file-desk.ts';
import { metered } from './metered.ts';
import type { Passages } from './passages.ts';
import type { SessionWatch } from './session-watch.ts';
import { TransferRecord, type TransferResult } from './transfer-record.ts';

/** Uploads that one person may have begun and not ended, running or paused. */
const OPEN_PER_PERSON = 64;
/** An upload whose session lives on is taken for given up when no byte came for this long, in milliseconds: its rest leaves the router. */
const IDLE_MS = 14_400_000;
const SWEEP_MS = 60_000;

export interface UploadServices {
  readonly passages: Passages;
  readonly watch: SessionWatch;
  readonly audit: AuditLog;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

interface Upload {
  readonly session: LiveSession;
  readonly userId: string;
  readonly path: RouterPath;
  readonly size: number;
  readonly record: TransferRecord;
  /** Where the next bytes belong if everything of ours arrived. */
  next: number;
  touchedAt: number;
  /** Ends the request that brings bytes now. */
  stop: (() => Promise<void>) | null;
  readonly leave: () => void;
}

/**
 * Uploads in pieces. The bytes and their place are the router's; here is only what the audit trail needs, so an upload whose process
 * died goes on after it is begun again with its id.
 */
export class Uploads {
  readonly #services: UploadServices;
  readonly #uploads = new Map<string, Upload>();
  readonly #timer: NodeJS.Timeout;

  constructor(services: UploadServices) {
    this.#services = services;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Begins an upload or goes on with it. @throws ProblemError `file_…` when the router would refuse its end. */
  async start(open: OpenFiles, input: FileUploadStart): Promise<FileUploadView> {
    const { passages, watch, audit } = this.#services;
    const { session, actor, files } = open;
    const { path, size, expect } = input;
    const uploadId = input.uploadId ?? randomBytes(16).toString('hex');
    const before = this.#uploads.get(uploadId);
    if (before !== undefined) this.#check(before, open, path);
    else if (this.#openOf(actor.userId) >= OPEN_PER_PERSON) throw new ProblemError('file_transfers');
    await before?.stop?.();
    // Asks whether so much may move today; the pieces are counted as they come.
    await (await passages.begin(session, actor, size)).end();
    const { offset } = await whileLive(session, files.uploadBegin({ uploadId, path, size, expect }));
    const known = this.#uploads.get(uploadId);
    if (known !== undefined) known.touchedAt = Date.now();
    else {
      const plan = {
        identity: session.identity,
        actor,
        direction: 'upload',
        what: 'content',
        path,
        offset,
        size,
      } as const;
      const record = await TransferRecord.begin(audit, plan);
      // Bytes that an earlier process passed on are in no sum of ours.
      if (offset > 0) record.lost();
      const leave = watch.watch(session, actor, ({ code }) => {
        if (code === 'session_over') void this.#forget(uploadId, 'cut', code);
      });
      this.#uploads.set(uploadId, {
        session,
        userId: actor.userId,
        path,
        size,
        record,
        next: offset,
        touchedAt: Date.now(),
        stop: null,
        leave,
      });
    }
    return { uploadId, offset };
  }

  /**
   * Takes a piece; a request that still brings an earlier one is ended by it.
   * @param length of the body in bytes; null when the request does not say.
   * @throws ProblemError `not_found` for an upload that must be begun again, `file_offset_mismatch`, other `file_…`.
   */
  async bytes(
    open: OpenFiles,
    { uploadId, path, offset }: { readonly uploadId: string; readonly path: RouterPath; readonly offset: number },
    body: Readable,
    length: number | null,
  ): Promise<FileUploadState> {
    const upload = await this.#halt(uploadId, open, path);
    if (offset + (length ?? 0) > upload.size)
      throw new ProblemError('invalid_request', 'More bytes than were announced.');
    const { passages } = this.#services;
    const passage = await passages.begin(open.session, open.actor, length);
    const controller = new AbortController();
    const signal = AbortSignal.any([passage.signal, controller.signal]);
    const { record } = upload;
    const seen = record.bytes;
    if (offset !== upload.next) record.lost();
    const bytes = Readable.from(metered(body, passage, record), { objectMode: false });
    const running = open.files.uploadBytes({ uploadId, path, offset }, bytes, signal);
    const settled = running.then(
      () => undefined,
      () => undefined,
    );
    upload.stop = () => {
      controller.abort(new ProblemError('conflict'));
      return settled;
    };
    try {
      const { offset: there } = await running;
      upload.next = there === upload.size ? there : there - (there % UPLOAD_BLOCK);
      if (upload.next !== offset + record.bytes - seen) record.lost();
      return { offset: upload.next };
    } catch (error) {
      if (record.bytes !== seen) record.lost();
      throw passage.signal.aborted ? (passage.signal.reason as Error) : error;
    } finally {
      bytes.destroy();
      upload.stop = null;
      upload.touchedAt = Date.now();
      await passage.end();
    }
  }

  /** Puts the whole file in place. @throws ProblemError `file_checksum_mismatch`, `file_changed`, `file_exists`, other `file_…`. */
  async finish(open: OpenFiles, uploadId: string, input: FileUploadEnd): Promise<FileStat> {
    const upload = await this.#halt(uploadId, open, input.path);
    try {
      // The router sums what it has as well, but it may lie; what the trail says has been seen here.
      if (upload.record.denies(input.size, input.sha256)) throw new ProblemError('file_checksum_mismatch');
      const stat = await whileLive(open.session, open.files.uploadFinish({ uploadId, ...input }));
      this.#take(uploadId, upload);
      await upload.record.end('done', { sha256: input.sha256 });
      return stat;
    } catch (error) {
      // Another file in the way is the person's to decide about; the bytes wait for it.
      const { result, reason } = outcomeOf(error, new AbortController().signal, 'cut');
      if (reason === 'file_checksum_mismatch') await this.#forget(uploadId, result, reason);
      throw error;
    }
  }

  /** Gives an upload up, with what is on the router of it. */
  async abort(open: OpenFiles, uploadId: string, path: RouterPath): Promise<void> {
    const upload = this.#uploads.get(uploadId);
    if (upload !== undefined) this.#check(upload, open, path);
    await upload?.stop?.();
    await whileLive(open.session, open.files.uploadAbort({ uploadId, path }));
    await this.#forget(uploadId, 'stopped', 'given up');
  }

  /** Puts what a tar archive holds below a folder. @throws ProblemError `file_no_space` before, other `file_…` meanwhile. */
  async unpack(open: OpenFiles, path: RouterPath, body: Readable, length: number | null): Promise<FileUnpacked> {
    const { passages, audit } = this.#services;
    const { session, actor, files } = open;
    const { available } = await files.space({ path });
    if (available !== null && (length ?? 0) > available) {
      throw new ProblemError('file_no_space', `${sizeWords(available)} are free.`);
    }
    const passage = await passages.begin(session, actor, length);
    try {
      const record = await TransferRecord.begin(audit, {
        identity: session.identity,
        actor,
        direction: 'upload',
        what: 'archive',
        path,
        offset: 0,
        size: length,
      });
      const bytes = Readable.from(metered(body, passage, record), { objectMode: false });
      try {
        const unpacked = await files.unpack({ path }, bytes, passage.signal);
        await record.end('done');
        return unpacked;
      } catch (error) {
        const { result, reason } = outcomeOf(error, passage.signal, 'cut');
        await record.end(result, { reason });
        throw passage.signal.aborted ? (passage.signal.reason as Error) : error;
      } finally {
        bytes.destroy();
      }
    } finally {
      await passage.end();
    }
  }

  /** Ends what is recorded of uploads; their bytes stay on the routers, and they go on with the next process. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#uploads.keys()].map((uploadId) => this.#forget(uploadId, 'cut', 'shutdown')));
  }

  /** Finds an upload and ends what is at work on it. @throws ProblemError `not_found`. */
  async #halt(uploadId: string, open: OpenFiles, path: RouterPath): Promise<Upload> {
    await this.#find(uploadId, open, path).stop?.();
    // What was at work may have been its end.
    return this.#find(uploadId, open, path);
  }

  #find(uploadId: string, open: OpenFiles, path: RouterPath): Upload {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) throw notFound();
    this.#check(upload, open, path);
    return upload;
  }

  /** @throws ProblemError `not_found` for an upload of another session, person or path. */
  #check(upload: Upload, { session, actor }: OpenFiles, path: RouterPath): void {
    const mine =
      upload.session.identity.id === session.identity.id && upload.userId === actor.userId && upload.path === path;
    if (!mine) throw notFound();
  }

  #openOf(userId: string): number {
    return [...this.#uploads.values()].filter((upload) => upload.userId === userId).length;
  }

  #take(uploadId: string, upload: Upload): void {
    upload.leave();
    this.#uploads.delete(uploadId);
  }

  /** Never rejects: nobody waits for it who could do anything about it. */
  async #forget(uploadId: string, result: TransferResult, reason: string): Promise<void> {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) return;
    this.#take(uploadId, upload);
    await upload.record.end(result, { reason }).catch((error: unknown) => {
      this.#services.log.warn({ err: error }, 'the end of an upload was not recorded');
    });
  }

  #sweep(): void {
    for (const [uploadId, upload] of this.#uploads) {
      if (upload.stop === null && Date.now() - upload.touchedAt > IDLE_MS) void this.#giveUp(uploadId, upload);
    }
  }

  /** Takes the rest of an idle upload from its router; while that is out of reach, the next sweep tries again. Never rejects. */
  async #giveUp(uploadId: string, upload: Upload): Promise<void> {
    const { session, path } = upload;
    const remove = async () => session.link.files.uploadAbort({ uploadId, path });
    const removed = remove().then(
      () => ({ result: 'cut', reason: 'idle' }) as const,
      (error: unknown) => {
        const refused = outcomeOf(error, new AbortController().signal, 'cut');
        return refused.result === 'failed' ? refused : null;
      },
    );
    // Whoever goes on with it just now waits, and begins at its first byte.
    upload.stop = async () => void (await removed);
    const end = await removed;
    upload.stop = null;
    if (end !== null && this.#uploads.get(uploadId) === upload) await this.#forget(uploadId, end.result, end.reason);
  }
}
