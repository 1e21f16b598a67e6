import type { Database } from '@netpilot/db/database.ts';
import type { Session } from '../../../contract/sessions.ts';
import { type Actor, oversightScope, roleIn, scopeOf } from '../access/actor.ts';
import { authorise, can } from '../access/policy.ts';
import { ProblemError, notFound } from '../errors.ts';
import { NEWEST_FIRST, afterCursor, toPage } from '../http/pages.ts';
import type { LiveSession } from './live-session.ts';
import type { Presence } from './presence.ts';
import { presentRow, presentSession } from './presenter.ts';
import type { SessionService } from './service.ts';

export interface SessionPage {
  items: Session[];
  nextCursor: string | null;
}

/** Reads sessions: from memory while they run, so that it works without the database, from their rows afterwards. */
export class SessionReader {
  readonly #sessions: Pick<SessionService, 'active' | 'find' | 'loaded'>;
  readonly #database: Database;
  readonly #presence: Presence;

  constructor(sessions: Pick<SessionService, 'active' | 'find' | 'loaded'>, database: Database, presence: Presence) {
    this.#sessions = sessions;
    this.#database = database;
    this.#presence = presence;
  }

  /** The actor's own sessions, newest first. @param query.state all of them when it is left out. */
  async mine(
    actor: Actor,
    query: { state?: 'active' | 'ended' | undefined; cursor?: string | undefined; limit: number },
  ): Promise<SessionPage> {
    this.#presence.seen(actor.userId);
    await this.#sessions.loaded();
    const running = this.#running(({ identity }) => identity.userId === actor.userId);
    if (query.state === 'active')
      return { items: running.map((session) => presentSession(session, actor)), nextCursor: null };
    const { BastionSession } = this.#database.models;
    const rows = await this.#database.transaction(scopeOf(actor), (transaction) =>
      BastionSession.findAll({
        where: {
          userId: actor.userId,
          ...(query.state === 'ended' ? { state: 'ended' } : {}),
          ...afterCursor(query.cursor),
        },
        order: NEWEST_FIRST,
        limit: query.limit + 1,
        transaction,
      }),
    );
    const inMemory = new Map(running.map((session) => [session.identity.id, session]));
    return toPage(
      rows,
      query.limit,
      (row) => row.createdAt,
      (row) => {
        const session = inMemory.get(row.id);
        return session === undefined ? presentRow(row) : presentSession(session, actor);
      },
    );
  }

  /** One session. @throws ProblemError `not_found` for one that is not there or not the actor's to see. */
  async get(actor: Actor, id: string): Promise<Session> {
    await this.#sessions.loaded();
    const session = this.#sessions.find(actor, id, 'session.read');
    if (session === null) return this.past(actor, id);
    if (session.identity.userId === actor.userId) this.#presence.seen(actor.userId);
    return presentSession(session, actor);
  }

  /** A session that is no longer in memory. @throws ProblemError `not_found`. */
  async past(actor: Actor, id: string): Promise<Session> {
    const row = await this.#database.transaction(oversightScope(actor), (transaction) =>
      this.#database.models.BastionSession.findByPk(id, { transaction }),
    );
    if (row === null) throw notFound();
    authorise(actor, 'session.read', { organisationId: row.organisationId, ownerId: row.userId }, false);
    return presentRow(row);
  }

  /**
   * For what needs a running session: says why there is none.
   * @throws ProblemError `session_over`, `not_found`; `session_not_live` for one that is not in this memory (yet).
   */
  async missing(actor: Actor, id: string): Promise<never> {
    const { state } = await this.past(actor, id);
    throw new ProblemError(state === 'ended' ? 'session_over' : 'session_not_live');
  }

  /** Running sessions that the actor may oversee, of one organisation or of all. @throws ProblemError `forbidden`, `not_found`. */
  overseen(actor: Actor, organisationId?: string): SessionPage {
    if (organisationId !== undefined) {
      authorise(actor, 'session.oversee', { organisationId }, roleIn(actor, organisationId) !== null);
    }
    const sessions = this.#running(
      ({ identity }) =>
        (organisationId === undefined || identity.organisationId === organisationId) &&
        can(actor, 'session.oversee', { organisationId: identity.organisationId }),
    );
    return { items: sessions.map((session) => presentSession(session, actor)), nextCursor: null };
  }

  #running(which: (session: LiveSession) => boolean): LiveSession[] {
    return [...this.#sessions.active]
      .filter((session) => session.machine.state !== 'ended' && which(session))
      .sort((one, other) => other.identity.createdAt - one.identity.createdAt);
  }
}
