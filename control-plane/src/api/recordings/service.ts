import { Readable } from 'node:stream';
import { Op, type Transaction, type WhereOptions } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { Recording as RecordingRow } from '@netpilot/db/models/recording.ts';
import type {
  Recording,
  RecordingMarkers,
  RecordingMatches,
  RecordingQuery,
  Verification,
} from '../../../contract/recordings.ts';
import { PLAYED_BYTES } from '../../../contract/recordings.ts';
import { type Actor, oversightScope } from '../access/actor.ts';
import { type Action, authorise, can } from '../access/policy.ts';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import { ProblemError, notFound } from '../errors.ts';
import { afterCursor, toPage } from '../http/pages.ts';
import { type ByteRange, parseRange } from '../http/byte-range.ts';
import { CastError, type CastHeader, MAX_LINE, parseHeader } from './cast-format.ts';
import { findMarkers, findText, playable } from './contents.ts';
import { presentRecording } from './presenter.ts';
import type { RecordingLibrary } from './recording-library.ts';
import type { RecordingSource } from './recording-source.ts';
import type { SigningKey } from './signing-key.ts';
import { splitLines } from './split-lines.ts';
import { Turns } from './turns.ts';
import { verify } from './verify.ts';

export interface RecordingServiceOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly library: RecordingLibrary;
  readonly key: Pick<SigningKey, 'trusted'>;
  readonly screenHidden: ScreenHidden;
}

/** Whether the session's screen is locked to this reader, whose it is: its recordings show the same. */
export type ScreenHidden = (reader: Pick<Actor, 'userId' | 'loginSessionId'>, sessionId: string) => boolean;

/** A recording that may be taken away; exactly one of `send` and `close` is called. */
export interface SentRecording {
  /** Of all of it, in bytes. */
  readonly size: number;
  /** Null: the whole. */
  readonly range: ByteRange | null;
  /** Audits it and gives its bytes. */
  send(): Promise<Readable>;
  close(): Promise<void>;
}

const NEWEST_FIRST: [string, string][] = [
  ['startedAt', 'DESC'],
  ['id', 'DESC'],
];
/** Whole recordings that are read at once for somebody; the others wait. */
const READ_AT_ONCE = 2;

/** What people do with recordings. Every method throws ProblemError `not_found` for one that is not there or not theirs to see. */
export class RecordingService {
  readonly #options: RecordingServiceOptions;
  readonly #turns = new Turns(READ_AT_ONCE);

  constructor(options: RecordingServiceOptions) {
    this.#options = options;
  }

  /** Those that the actor may see, newest first. */
  async list(
    actor: Actor,
    { cursor, limit, from, to, ...same }: RecordingQuery,
  ): Promise<{ items: Recording[]; nextCursor: string | null }> {
    const began = { ...(from && { [Op.gte]: new Date(from) }), ...(to && { [Op.lt]: new Date(to) }) };
    const conditions: WhereOptions[] = [
      visibleTo(actor),
      Object.fromEntries(Object.entries(same).filter(([, value]) => value !== undefined)),
      afterCursor(cursor, 'startedAt'),
      ...(from === undefined && to === undefined ? [] : [{ startedAt: began }]),
    ];
    const rows = await this.#options.database.transaction(oversightScope(actor), (transaction) =>
      this.#options.database.models.Recording.findAll({
        where: { [Op.and]: conditions },
        order: NEWEST_FIRST,
        limit: limit + 1,
        transaction,
      }),
    );
    return toPage(
      rows,
      limit,
      (row) => row.startedAt,
      (row) => this.#present(actor, row),
    );
  }

  async get(actor: Actor, id: string): Promise<Recording> {
    return this.#present(actor, await this.#find(actor, id));
  }

  /** Follows the hash chain; for one that has ended, an end without a signature is a fault. */
  async verification(actor: Actor, id: string): Promise<Verification> {
    return this.#reading(actor, id, (source, row) =>
      verify(source.stream(), { trusted: this.#options.key.trusted, recordingId: id, ended: row.state === 'complete' }),
    );
  }

  /** Finds text in the output. */
  async matches(actor: Actor, id: string, text: string): Promise<RecordingMatches> {
    return this.#reading(actor, id, async (source) => {
      const found = await findText(source.stream(0, PLAYED_BYTES), text);
      return { items: found.items, complete: found.complete && source.size <= PLAYED_BYTES };
    });
  }

  /** Places to jump to. */
  async markers(actor: Actor, id: string): Promise<RecordingMarkers> {
    return this.#reading(actor, id, async (source) => {
      const found = await findMarkers(source.stream(0, PLAYED_BYTES));
      return { items: found.items, complete: found.complete && source.size <= PLAYED_BYTES };
    });
  }

  /** The recording as a player takes it, its first {@link PLAYED_BYTES}. Playing what is not one's own is audited. */
  async play(actor: Actor, id: string): Promise<Readable> {
    const row = await this.#find(actor, id);
    const source = await this.#open(actor, row);
    try {
      const header = await readHeader(source);
      if (row.userId !== actor.userId) await this.#options.audit.record(entryOf('recording_played', actor, row));
      return readableOf(source, playable(header, source.stream(0, PLAYED_BYTES)));
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /**
   * The file as it is, with its chain and signature.
   * @param header of the request, `Range`.
   * @throws ProblemError `forbidden` for those who may only play it, `range_not_satisfiable`.
   */
  async download(actor: Actor, id: string, header: string | undefined): Promise<SentRecording> {
    const row = await this.#find(actor, id, 'recording.download');
    const source = await this.#open(actor, row);
    const close = () => source.close();
    try {
      const { size } = source;
      const range = parseRange(header, size);
      if (range === 'unsatisfiable') throw new ProblemError('range_not_satisfiable');
      const { first, last } = range === 'whole' ? { first: 0, last: size - 1 } : range;
      const send = async () => {
        const entry = entryOf('recording_downloaded', actor, row, { bytes: last - first + 1 });
        await this.#options.audit.record(entry).catch(async (error: unknown) => {
          await close();
          throw error;
        });
        return readableOf(source, source.stream(first, last + 1));
      };
      return { size, range: range === 'whole' ? null : range, send, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Deletes the file; the entry stays and says so. @throws ProblemError `forbidden`, `conflict` while it is being recorded. */
  async delete(actor: Actor, id: string): Promise<void> {
    const row = await this.#find(actor, id, 'recording.delete');
    if (row.state === 'recording') throw new ProblemError('conflict', 'It is still being recorded.');
    if (row.state === 'deleted') return;
    await this.#options.library.remove(row, entryOf('recording_deleted', actor, row));
  }

  async #reading<T>(
    actor: Actor,
    id: string,
    work: (source: RecordingSource, row: RecordingRow) => Promise<T>,
  ): Promise<T> {
    const row = await this.#find(actor, id);
    return this.#turns.run(async () => {
      const source = await this.#open(actor, row);
      try {
        return await work(source, row);
      } finally {
        await source.close();
      }
    });
  }

  async #open(actor: Actor, row: RecordingRow): Promise<RecordingSource> {
    if (this.#options.screenHidden(actor, row.sessionId)) throw new ProblemError('screen_locked');
    if (row.state === 'deleted') throw new ProblemError('recording_gone');
    const source = await this.#options.library.open(row);
    if (source === null) throw new ProblemError('recording_gone', 'Its file is not where it was written.');
    return source;
  }

  async #find(actor: Actor, id: string, action: Action = 'recording.read'): Promise<RecordingRow> {
    const { database } = this.#options;
    const row = await database.transaction(oversightScope(actor), (transaction: Transaction) =>
      database.models.Recording.findByPk(id, { transaction }),
    );
    if (row === null) throw notFound();
    authorise(actor, 'recording.read', resourceOf(row), false);
    authorise(actor, action, resourceOf(row), true);
    return row;
  }

  #present(actor: Actor, row: RecordingRow): Recording {
    return presentRecording(row, this.#options.library.progress(row.id), {
      download: row.state !== 'deleted' && can(actor, 'recording.download', resourceOf(row)),
      delete: ['complete', 'broken'].includes(row.state) && can(actor, 'recording.delete', resourceOf(row)),
    });
  }
}

/** The rows that `recording.read` allows, as the database asks for them. */
function visibleTo(actor: Actor): WhereOptions {
  if (actor.platformAdministrator) return {};
  const organisations = actor.memberships.map(({ organisationId }) => organisationId);
  const whole = organisations.filter((organisationId) => can(actor, 'recording.read', { organisationId }));
  return { [Op.or]: [{ organisationId: whole }, { organisationId: organisations, userId: actor.userId }] };
}

function resourceOf(row: RecordingRow) {
  return { organisationId: row.organisationId, ownerId: row.userId };
}

function entryOf(
  action: AuditEntry['action'],
  actor: Actor | null,
  row: RecordingRow,
  details: AuditEntry['details'] = {},
): AuditEntry {
  const { organisationId, routerName: router, userName: of } = row;
  return { action, organisationId, actor, subjectId: row.id, details: { router, of, ...details } };
}

/** @throws ProblemError `recording_gone` when it is no recording any more. */
async function readHeader(source: RecordingSource): Promise<CastHeader> {
  try {
    for await (const line of splitLines(source.stream(0, MAX_LINE))) return parseHeader(line.bytes);
  } catch (error) {
    if (!(error instanceof CastError)) throw error;
  }
  throw new ProblemError('recording_gone', 'Its file is not a recording any more.');
}

/** The stream for an answer; it closes its source when it is over, also when nobody began to read it. */
function readableOf(source: RecordingSource, stream: AsyncIterable<Buffer>): Readable {
  const readable = Readable.from(copies(stream), { objectMode: false });
  readable.once('close', () => {
    // Whoever closes a file that was read to its end cannot lose anything by an error.
    source.close().catch(() => undefined);
  });
  return readable;
}

/** Copies, as whoever sends them does so later. */
async function* copies(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield Buffer.from(chunk);
}
