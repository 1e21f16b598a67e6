import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@netpilot/db/database.ts';
import { isDatabaseGone } from '@netpilot/db/database.ts';
import type { FastifyBaseLogger } from 'fastify';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import type { SessionView } from './presenter.ts';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** Tries of a write that fails although the database answers; then it is given up, loudly. */
const MAX_REFUSALS = 5;
/** Events a session may have waiting: it becomes live once and ends once, and its screen is locked now and then. */
const MAX_ENTRIES = 8;

interface Pending {
  readonly session: SessionView;
  entries: AuditEntry[];
  dirty: boolean;
  waiting: (() => void)[];
}

/**
 * Writes the rows of running sessions behind them: always the newest state, as often as it takes, one write a session at a time.
 * Audit events go in with the row, in one transaction.
 */
export class RowWriter {
  readonly #database: Database;
  readonly #audit: AuditLog;
  readonly #log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
  readonly #pending = new Map<string, Pending>();
  readonly #closing = new AbortController();

  constructor(database: Database, audit: AuditLog, log: Pick<FastifyBaseLogger, 'warn' | 'error'>) {
    this.#database = database;
    this.#audit = audit;
    this.#log = log;
  }

  /** @returns whether the row says what memory says. */
  isWritten(sessionId: string): boolean {
    return !this.#pending.has(sessionId);
  }

  /** Has the row written as the session is by then. @param entry an audit event that belongs to the change. */
  save(session: SessionView, entry?: AuditEntry): void {
    const { id } = session.identity;
    const known = this.#pending.get(id);
    const pending = known ?? { session, entries: [], dirty: true, waiting: [] };
    pending.dirty = true;
    if (entry !== undefined && pending.entries.length < MAX_ENTRIES) pending.entries.push(entry);
    if (known !== undefined) return;
    this.#pending.set(id, pending);
    void this.#drain(id, pending);
  }

  /** Resolves when the session's row is written; never rejects, and waits no longer than `timeoutMs`. */
  settled(sessionId: string, timeoutMs: number): Promise<void> {
    const pending = this.#pending.get(sessionId);
    if (pending === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      pending.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Waits up to 5 s for what is not written yet, then gives it up: `recover` sets the rows right. */
  async close(): Promise<void> {
    await Promise.all([...this.#pending.keys()].map((id) => this.settled(id, 5_000)));
    this.#closing.abort();
  }

  async #drain(id: string, pending: Pending): Promise<void> {
    let refusals = 0;
    for (let pauseMs = FIRST_RETRY_MS; pending.dirty && !this.#closing.signal.aborted;) {
      pending.dirty = false;
      const entries = pending.entries;
      pending.entries = [];
      try {
        await this.#write(pending.session, entries);
        pauseMs = FIRST_RETRY_MS;
        refusals = 0;
      } catch (error) {
        if (!isDatabaseGone(error)) refusals += 1;
        if (refusals >= MAX_REFUSALS) {
          this.#log.error({ err: error, sessionId: id }, 'the row of a session cannot be written');
          break;
        }
        this.#log.warn({ err: error, sessionId: id }, 'the row of a session is not written yet');
        pending.dirty = true;
        pending.entries = [...entries, ...pending.entries].slice(0, MAX_ENTRIES);
        await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS);
      }
    }
    this.#pending.delete(id);
    for (const done of pending.waiting) done();
  }

  async #write(session: SessionView, entries: readonly AuditEntry[]): Promise<void> {
    const { identity, machine, lastActivityAt, screenLock, overseen } = session;
    const scope = { organisations: [identity.organisationId], userId: identity.userId };
    await this.#database.transaction(scope, async (transaction) => {
      for (const entry of entries) await this.#audit.record(entry, transaction);
      await this.#database.models.BastionSession.update(
        {
          state: machine.state,
          endReason: machine.endReason,
          endDetail: machine.endDetail,
          sandboxId: machine.sandboxId,
          imageDigest: machine.imageDigest,
          liveAt: date(machine.liveAt),
          endedAt: date(machine.endedAt),
          lastActivityAt: date(lastActivityAt),
          screenLockedAt: date(screenLock.lockedAt),
          pausedAt: date(overseen.paused?.since ?? null),
          pausedBy: overseen.paused?.by ?? null,
        },
        { where: { id: identity.id }, transaction },
      );
    });
  }
}

function date(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}
