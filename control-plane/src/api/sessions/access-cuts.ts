import type { Change, ChangeListener, ChangeListenerOptions } from '@netpilot/db/changes.ts';
import type { Database } from '@netpilot/db/database.ts';
import type { FastifyBaseLogger } from 'fastify';
import { Op } from 'sequelize';
import type { Role } from '../../../contract/people.ts';
import { RULES, can } from '../access/policy.ts';
import { CLOSE, type PersonSockets } from '../events/person-sockets.ts';
import type { Passages } from '../files/passages.ts';
import type { LockBook } from '../oversight/lock-book.ts';
import type { LiveSession } from './live-session.ts';
import type { SessionService } from './service.ts';

export interface AccessCutsOptions {
  readonly database: Database;
  /** `listenToChanges` of db/, with its url. */
  readonly listen: (hooks: Omit<ChangeListenerOptions, 'url'>) => ChangeListener;
  readonly sessions: Pick<SessionService, 'active' | 'endWhere'>;
  readonly locks: LockBook;
  readonly terminalSockets: PersonSockets;
  readonly eventSockets: PersonSockets;
  /** What people move of files. */
  readonly passages: Pick<Passages, 'actors' | 'closeWhere'>;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** What the database says of the people, sign-ins and routers that were asked for. */
interface Rights {
  /** Those that are not disabled. */
  readonly users: ReadonlyMap<string, { readonly platformAdministrator: boolean }>;
  readonly logins: ReadonlySet<string>;
  readonly routers: ReadonlySet<string>;
  /** By organisation and person, with a space between. */
  readonly roles: ReadonlyMap<string, Role>;
  /** How many a person has. */
  readonly rolesOf: ReadonlyMap<string, number>;
}

/** A change that nobody told us of is found within this, in milliseconds. */
const RECHECK_MS = 20_000;

const USERS_OF_SESSIONS: readonly Role[] = RULES['session.use'].own;

/**
 * Ends sessions and closes sockets whose right has gone, or that a lock holds: at once when the database tells of the change, and by looking at everything
 * every 20 s, because a notification can be lost.
 */
export class AccessCuts {
  readonly #options: AccessCutsOptions;
  readonly #listener: ChangeListener;
  readonly #timer: NodeJS.Timeout;
  #checking: Promise<void> | null = null;
  #following: Promise<void> | null = null;
  #closed = false;

  constructor(options: AccessCutsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.recheck(), RECHECK_MS);
    this.#listener = options.listen({
      onChange: (change) => this.#changed(change),
      onReconnect: () => void this.recheck(),
      onError: (error) => options.log.warn({ err: error }, 'changes of the database are not heard'),
    });
  }

  /**
   * Looks at locks and at the rights behind every session and socket, as they are from this call on. Never rejects: without a database
   * everything stays as it is.
   */
  recheck(): Promise<void> {
    if (this.#checking === null) return this.#begin();
    // The one that is under way may have read before what this call is about.
    this.#following ??= this.#checking.then(() => {
      this.#following = null;
      return this.#closed ? undefined : this.#begin();
    });
    return this.#following;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#listener.close();
    await (this.#following ?? this.#checking);
  }

  #begin(): Promise<void> {
    this.#checking = this.#check()
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'rights were not looked at again'))
      .finally(() => (this.#checking = null));
    return this.#checking;
  }

  #changed(change: Change): void {
    const { sessions, eventSockets } = this.#options;
    switch (change.table) {
      case 'login_sessions':
        return this.#signedOut((id) => id === change.id);
      case 'routers':
        if (change.operation !== 'delete') return;
        return sessions.endWhere(({ routerId }) => routerId === change.id, 'access_lost', 'The router was deleted.');
      case 'organisations':
        if (change.operation !== 'delete') return;
        return sessions.endWhere(
          ({ organisationId }) => organisationId === change.id,
          'access_lost',
          'The organisation was deleted.',
        );
      case 'memberships': {
        const userId = change.userId ?? change.id;
        eventSockets.closeWhere((actor) => actor.userId === userId, CLOSE.changed, 'memberships changed');
        if (change.operation !== 'insert') void this.recheck();
        return;
      }
      case 'users':
      case 'locks':
        void this.recheck();
    }
  }

  #signedOut(which: (loginSessionId: string) => boolean): void {
    const { sessions, terminalSockets, eventSockets, passages } = this.#options;
    sessions.endWhere(
      ({ loginSessionId }) => loginSessionId !== null && which(loginSessionId),
      'access_lost',
      'The sign-in that started it was ended.',
    );
    for (const sockets of [terminalSockets, eventSockets]) {
      sockets.closeWhere((actor) => which(actor.loginSessionId), CLOSE.signedOut, 'signed out');
    }
    passages.closeWhere((actor) => which(actor.loginSessionId));
  }

  async #check(): Promise<void> {
    const { sessions, locks, terminalSockets, eventSockets, passages } = this.#options;
    await locks.refresh();
    const live = [...sessions.active];
    const running = live.map(({ identity }) => identity);
    const people = [...terminalSockets.actors(), ...eventSockets.actors(), ...passages.actors()];
    if (running.length === 0 && people.length === 0) return;
    const userIds = unique([...running, ...people].map(({ userId }) => userId));
    const loginIds = unique([...running, ...people].map(({ loginSessionId }) => loginSessionId));
    const routerIds = unique(running.map(({ routerId }) => routerId));
    const rights = await this.#read(userIds, loginIds, routerIds);

    const gone = new Set(loginIds.filter((id) => !rights.logins.has(id)));
    if (gone.size > 0) this.#signedOut((id) => gone.has(id));
    for (const session of live) this.#cutLocked(session, rights);
    const disabled = new Set(userIds.filter((id) => !rights.users.has(id)));
    for (const sockets of [terminalSockets, eventSockets]) {
      sockets.closeWhere((actor) => disabled.has(actor.userId), CLOSE.signedOut, 'signed out');
    }
    passages.closeWhere((actor) => disabled.has(actor.userId));
    const looked = new Set(running.map(({ id }) => id));
    sessions.endWhere(
      ({ id, userId, organisationId, routerId }) => {
        if (!looked.has(id)) return false;
        const role = rights.roles.get(`${organisationId} ${userId}`);
        const router = routerId === null || rights.routers.has(routerId);
        return disabled.has(userId) || role === undefined || !USERS_OF_SESSIONS.includes(role) || !router;
      },
      'access_lost',
      'The right to this session was taken away.',
    );
    eventSockets.closeWhere(
      ({ userId, memberships }) => {
        const now = rights.rolesOf.get(userId) ?? 0;
        const same = memberships.every(
          ({ organisationId, role }) => rights.roles.get(`${organisationId} ${userId}`) === role,
        );
        return !same || now !== memberships.length;
      },
      CLOSE.changed,
      'memberships changed',
    );
  }

  /** Ends what a lock holds, and the looking on of those whom one holds or who may no longer. */
  #cutLocked({ identity, overseen }: LiveSession, rights: Rights): void {
    const { sessions, locks } = this.#options;
    const { id, organisationId, routerId, userId } = identity;
    const roleOf = (person: string) => rights.roles.get(`${organisationId} ${person}`) ?? null;
    const lock = locks.holding({ organisationId, routerId, userId, role: roleOf(userId) });
    if (lock !== null) return sessions.endWhere((session) => session.id === id, 'lock', lock.message);
    overseen.dismissWhere(({ actor, joined }) => {
      const role = roleOf(actor.userId);
      if (locks.holding({ organisationId, routerId, userId: actor.userId, role }) !== null) return true;
      const now = {
        userId: actor.userId,
        memberships: role === null ? [] : [{ organisationId, role }],
        platformAdministrator: rights.users.get(actor.userId)?.platformAdministrator === true,
      };
      return !can(now, joined ? 'session.join' : 'session.watch', { organisationId, ownerId: userId });
    });
  }

  async #read(userIds: readonly string[], loginIds: readonly string[], routerIds: readonly string[]): Promise<Rights> {
    const { database } = this.#options;
    const { User, Membership, LoginSession, Router } = database.models;
    return database.transaction({ organisations: 'all', userId: null }, async (transaction) => {
      const users = await User.findAll({
        attributes: ['id', 'platformAdministrator'],
        where: { id: [...userIds], disabledAt: null },
        transaction,
      });
      const memberships = await Membership.findAll({ where: { userId: [...userIds] }, transaction });
      const logins = await LoginSession.findAll({
        attributes: ['id'],
        where: { id: [...loginIds], revokedAt: { [Op.is]: null } },
        transaction,
      });
      const routers = await Router.findAll({ attributes: ['id'], where: { id: [...routerIds] }, transaction });
      const rolesOf = new Map<string, number>();
      for (const { userId } of memberships) rolesOf.set(userId, (rolesOf.get(userId) ?? 0) + 1);
      return {
        users: new Map(users.map(({ id, platformAdministrator }) => [id, { platformAdministrator }])),
        logins: new Set(logins.map(({ id }) => id)),
        routers: new Set(routers.map(({ id }) => id)),
        roles: new Map(memberships.map(({ organisationId, userId, role }) => [`${organisationId} ${userId}`, role])),
        rolesOf,
      };
    });
  }
}

function unique(ids: readonly (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))];
}
