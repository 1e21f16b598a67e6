import { Op } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { Recording as RecordingRow } from '@netpilot/db/models/recording.ts';
import type { SessionIdentity } from '../sessions/session-identity.ts';
import type { ChainLink } from './cast-format.ts';

const SYSTEM = { organisations: 'all', userId: null } as const;
/** Rows that one round of a sweep takes. */
const SWEPT_AT_ONCE = 100;
const DAY_MS = 86_400_000;
const OLDEST_FIRST: [string, string][] = [
  ['startedAt', 'ASC'],
  ['id', 'ASC'],
];

/** What the database knows of recordings, as the writer and the sweep use it; what people see is read under their own scope. */
export class RecordingRows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @returns the row of a terminal, made when there is none, and whether its organisation wants input recorded. */
  async ofTerminal(
    session: SessionIdentity,
    terminalId: number,
  ): Promise<{ row: RecordingRow; isNew: boolean; input: boolean }> {
    const { Recording, Organisation } = this.#database.models;
    return this.#database.transaction(scopeOf(session.organisationId), async (transaction) => {
      const organisation = await Organisation.findByPk(session.organisationId, { transaction });
      const where = { sessionId: session.id, terminalId };
      const earlier = await Recording.findOne({ where, transaction });
      const row =
        earlier ??
        (await Recording.create(
          {
            ...where,
            organisationId: session.organisationId,
            routerId: session.routerId,
            routerName: session.routerName,
            userId: session.userId,
            userName: session.userName,
            startedAt: new Date(),
            endedAt: null,
            chainHead: null,
            signature: null,
          },
          { transaction },
        ));
      return { row, isNew: earlier === null, input: organisation?.recordInput ?? false };
    });
  }

  /** The file has its end, or will never get one. */
  async ended(
    row: Pick<RecordingRow, 'id' | 'organisationId'>,
    end: ChainLink | null,
    bytes: { output: number; file: number },
  ): Promise<void> {
    await this.#update(row, {
      state: end === null ? 'broken' : 'complete',
      endedAt: new Date(),
      outputBytes: String(bytes.output),
      fileBytes: String(bytes.file),
      chainHead: end?.hash ?? null,
      signature: end?.sig ?? null,
    });
  }

  async moved(row: Pick<RecordingRow, 'id' | 'organisationId'>): Promise<void> {
    await this.#update(row, { place: 'bucket' });
  }

  /** Recordings that should have ended, as their sessions have. */
  async abandoned(): Promise<RecordingRow[]> {
    const { Recording, BastionSession } = this.#database.models;
    return this.#database.transaction(SYSTEM, async (transaction) => {
      const rows = await Recording.findAll({ where: { state: 'recording' }, order: OLDEST_FIRST, transaction });
      const sessions = await BastionSession.findAll({
        where: { id: [...new Set(rows.map((row) => row.sessionId))], state: 'ended' },
        attributes: ['id'],
        transaction,
      });
      const ended = new Set(sessions.map(({ id }) => id));
      return rows.filter((row) => ended.has(row.sessionId)).slice(0, SWEPT_AT_ONCE);
    });
  }

  /** Recordings that have ended and are not in the bucket yet, without those named in `except`. */
  async spooled(except: readonly string[]): Promise<RecordingRow[]> {
    return this.#database.transaction(SYSTEM, (transaction) =>
      this.#database.models.Recording.findAll({
        where: { id: { [Op.notIn]: [...except] }, state: 'complete', place: 'directory' },
        order: OLDEST_FIRST,
        limit: SWEPT_AT_ONCE,
        transaction,
      }),
    );
  }

  /** Recordings that are older than their organisation keeps them, without those named in `except`. */
  async expired(now: Date, except: readonly string[]): Promise<RecordingRow[]> {
    const { Recording, Organisation } = this.#database.models;
    return this.#database.transaction(SYSTEM, async (transaction) => {
      const organisations = await Organisation.findAll({ attributes: ['id', 'recordingRetentionDays'], transaction });
      const found: RecordingRow[] = [];
      for (const { id, recordingRetentionDays } of organisations) {
        const before = new Date(now.getTime() - recordingRetentionDays * DAY_MS);
        const rows = await Recording.findAll({
          where: {
            id: { [Op.notIn]: [...except] },
            organisationId: id,
            state: ['complete', 'broken'],
            endedAt: { [Op.lt]: before },
          },
          order: OLDEST_FIRST,
          limit: SWEPT_AT_ONCE - found.length,
          transaction,
        });
        found.push(...rows);
        if (found.length >= SWEPT_AT_ONCE) break;
      }
      return found;
    });
  }

  /** Which of the recordings the database knows. */
  async known(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.#database.transaction(SYSTEM, (transaction) =>
      this.#database.models.Recording.findAll({ where: { id: [...ids] }, attributes: ['id'], transaction }),
    );
    return new Set(rows.map(({ id }) => id));
  }

  async #update(
    { id, organisationId }: Pick<RecordingRow, 'id' | 'organisationId'>,
    change: Partial<RecordingRow>,
  ): Promise<void> {
    await this.#database.transaction(scopeOf(organisationId), (transaction) =>
      this.#database.models.Recording.update(change, { where: { id, state: { [Op.ne]: 'deleted' } }, transaction }),
    );
  }
}

function scopeOf(organisationId: string) {
  return { organisations: [organisationId], userId: null };
}
