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
const FAILURES_IN_A_ROW = 3;
/** Recordings that are kept from the next tries at most. */
const MAX_HELD = 1_000;
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
  /** Recordings that were not moved when they were last tried, and why. */
  readonly #held = new Map<string, 'failed' | 'elsewhere'>();
  /** The recording whose failure is on the trail, until all are moved again. */
  #told: RecordingRow | null = null;
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

  /** Moves what has ended. What is not moved comes behind everything else; several failures in a row are the bucket's and end the round. */
  async #upload(): Promise<void> {
    const { bucket, rows, log } = this.#options;
    if (bucket === null) return;
    const due = await rows.spooled([...this.#held.keys()]);
    if (due.length === 0) return this.#passEnded();
    let failures = 0;
    for (const row of due) {
      if (this.#closed) return;
      try {
        const isMoved = await this.#move(row, bucket);
        failures = 0;
        if (!isMoved) this.#held.set(row.id, 'elsewhere');
      } catch (error) {
        failures += 1;
        this.#held.set(row.id, 'failed');
        log.error({ err: error, recordingId: row.id }, 'a recording could not be moved to the bucket');
        await this.#tellFailed(row);
      }
      if (this.#held.size >= MAX_HELD) this.#held.clear();
      if (failures >= FAILURES_IN_A_ROW) return;
    }
  }

  /** @returns false when its file is in the directory of another process. */
  async #move(row: RecordingRow, bucket: Pick<Bucket, 'put'>): Promise<boolean> {
    const { directory, library, rows } = this.#options;
    const source = await library.open(row);
    if (source === null) return false;
    try {
      await bucket.put(row.id, source);
    } finally {
      await source.close();
    }
    // In this order a crash leaves two copies, never none.
    await rows.moved(row);
    await directory.remove(row);
    return true;
  }

  /** Every recording has been tried: what is left is tried again, and if nothing of it failed, the trouble is over. */
  async #passEnded(): Promise<void> {
    const hasFailed = [...this.#held.values()].includes('failed');
    this.#held.clear();
    if (hasFailed || this.#told === null) return;
    await this.#options.audit.record(entryOf(this.#told, 'recording_upload_resumed'));
    this.#told = null;
  }

  /** Trouble with the bucket is told once, and its end once. */
  async #tellFailed(row: RecordingRow): Promise<void> {
    if (this.#told !== null) return;
    await this.#options.audit.record(entryOf(row, 'recording_upload_failed'));
    this.#told = row;
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
