import type { Recording as RecordingRow } from '@netpilot/db/models/recording.ts';
import type { Logger } from 'pino';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Bucket } from './bucket.ts';
import type { RecordingDirectory } from './recording-directory.ts';
import type { RecordingLibrary } from './recording-library.ts';
import type { RecordingRows } from './recording-rows.ts';
import type { DirectoryStore } from './recording-store.ts';

export interface RecordingSweepOptions {
  readonly rows: Pick<RecordingRows, 'abandoned' | 'ended' | 'expired' | 'known' | 'moved' | 'spooled'>;
  readonly directory: Pick<RecordingDirectory, 'olderThan' | 'remove'>;
  readonly library: Pick<RecordingLibrary, 'open' | 'remove'>;
  readonly store: Pick<DirectoryStore, 'finalise'>;
  readonly bucket: Pick<Bucket, 'put'> | null;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

const ROUND_MS = 10_000;
/** What is old enough is looked for less often, in milliseconds. */
const DELETION_MS = 3_600_000;
/** What takes longer goes on in the next round, behind what else is to do. */
const DELETION_ROUND_MS = 60_000;
/** After an end, in milliseconds: several together make one round. */
const SOON_MS = 500;
const DAY_MS = 86_400_000;
/** A file that no row knows is kept so long; its organisation was deleted, or the database is an older one. */
const UNKNOWN_MS = 7 * DAY_MS;
/** A recording whose file was not found since its session ended is given up after this. */
const MISSING_MS = DAY_MS;

/**
 * Looks after recordings that nobody writes: ends those whose process died, moves finished ones to the bucket, deletes what is kept long
 * enough. Rounds never overlap; what fails is told, holds nothing else up, and is tried again in the next.
 */
export class RecordingSweep {
  readonly #options: RecordingSweepOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | null = null;
  #bucketDown = false;
  #nextDeletion = 0;
  #closed = false;

  constructor(options: RecordingSweepOptions) {
    this.#options = options;
  }

  /** The first round is at once. */
  start(): void {
    this.#arm(0);
  }

  /** A recording has ended: a round soon. */
  wake(): void {
    if (this.#round === null) this.#arm(SOON_MS);
  }

  /** Ends the rounds, after the one under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #arm(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#run().finally(() => {
        this.#round = null;
        this.#arm(ROUND_MS);
      });
    }, afterMs);
  }

  async #run(): Promise<void> {
    const steps = [() => this.#endAbandoned(), () => this.#upload()];
    if (Date.now() >= this.#nextDeletion) {
      this.#nextDeletion = Date.now() + DELETION_MS;
      steps.push(
        () => this.#expire(),
        () => this.#removeUnknown(),
      );
    }
    for (const step of steps) {
      try {
        if (!this.#closed) await step();
      } catch (error) {
        this.#options.log.warn({ err: error }, 'a round over the recordings was not finished');
      }
    }
  }

  async #endAbandoned(): Promise<void> {
    for (const row of await this.#options.rows.abandoned()) {
      if (this.#closed) return;
      await this.#try('a recording could not be ended', row, () => this.#end(row));
    }
  }

  async #end(row: RecordingRow): Promise<void> {
    const { rows, store, audit, log } = this.#options;
    if (await store.finalise(row)) return;
    // Its file may be in the directory of another process; not for ever.
    if (Date.now() - row.startedAt.getTime() < MISSING_MS) return;
    log.error({ recordingId: row.id }, 'the file of a recording is missing');
    await audit.record(entryOf(row, 'recording_failed', { trouble: 'file_gone' }));
    await rows.ended(row, null, { output: 0, file: 0 });
  }

  async #upload(): Promise<void> {
    const { bucket, rows } = this.#options;
    if (bucket === null) return;
    for (const row of await rows.spooled()) {
      if (this.#closed) return;
      try {
        await this.#move(row, bucket);
      } catch (error) {
        await this.#tellBucket(row, error);
        return;
      }
      await this.#tellBucket(row, null);
    }
  }

  async #move(row: RecordingRow, bucket: Pick<Bucket, 'put'>): Promise<void> {
    const { directory, library, rows } = this.#options;
    const source = await library.open(row);
    if (source === null) return;
    try {
      await bucket.put(row.id, source);
    } finally {
      await source.close();
    }
    // In this order a crash leaves two copies, never none.
    await rows.moved(row);
    await directory.remove(row);
  }

  /** The bucket's trouble is told once, and its end once. */
  async #tellBucket(row: RecordingRow, error: unknown): Promise<void> {
    const { audit, log } = this.#options;
    const isDown = error !== null;
    if (isDown) log.error({ err: error, recordingId: row.id }, 'a recording could not be moved to the bucket');
    if (isDown === this.#bucketDown) return;
    await audit.record(entryOf(row, isDown ? 'recording_upload_failed' : 'recording_upload_resumed'));
    this.#bucketDown = isDown;
  }

  async #expire(): Promise<void> {
    const { rows, library } = this.#options;
    const now = new Date();
    const failed: string[] = [];
    for (;;) {
      const due = await rows.expired(now, failed);
      if (due.length === 0) return;
      for (const row of due) {
        if (this.#closed) return;
        if (Date.now() - now.getTime() > DELETION_ROUND_MS) {
          this.#nextDeletion = 0;
          return;
        }
        const entry = entryOf(row, 'recording_expired', { of: row.userName });
        const done = await this.#try('an old recording could not be deleted', row, () => library.remove(row, entry));
        if (!done) failed.push(row.id);
      }
    }
  }

  async #removeUnknown(): Promise<void> {
    const { directory, rows, log } = this.#options;
    for await (const name of directory.olderThan(new Date(Date.now() - UNKNOWN_MS))) {
      if (this.#closed) return;
      if ((await rows.known([name.id])).has(name.id)) continue;
      const done = await this.#try('an unknown file could not be deleted', name, () => directory.remove(name));
      if (done) log.info({ recordingId: name.id }, 'removed the file of a recording that no organisation has');
    }
  }

  /** Does one of the works of a round, from which the others are independent. @returns whether it was done; never rejects. */
  async #try(failure: string, { id }: Pick<RecordingRow, 'id'>, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#options.log.error({ err: error, recordingId: id }, failure);
      return false;
    }
  }
}

function entryOf(
  row: RecordingRow,
  action: 'recording_failed' | 'recording_expired' | 'recording_upload_failed' | 'recording_upload_resumed',
  details: Record<string, string> = {},
) {
  const { organisationId, id, routerName: router } = row;
  return { action, organisationId, actor: null, subjectId: id, details: { router, ...details } };
}
