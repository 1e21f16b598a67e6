import type { Change, ChangeListener, ChangeListenerOptions } from '@netpilot/db/changes.ts';
import type { Database } from '@netpilot/db/database.ts';
import type { FastifyBaseLogger } from 'fastify';
import { Op } from 'sequelize';
import type { Role } from '../../../contract/people.ts';
import { RULES } from '../access/policy.ts';
import { CLOSE, type PersonSockets } from '../events/person-sockets.ts';
import type { SessionService } from './service.ts';

export interface AccessCutsOptions {
  readonly database: Database;
  /** `listenToChanges` of db/, with its url. */
  readonly listen: (hooks: Omit<ChangeListenerOptions, 'url'>) => ChangeListener;
  readonly sessions: Pick<SessionService, 'active' | 'endWhere'>;
  readonly terminalSockets: PersonSockets;
  readonly eventSockets: PersonSockets;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** A change that nobody told us of is found within this, in milliseconds. */
const RECHECK_MS = 20_000;

const USERS_OF_SESSIONS: readonly Role[] = RULES['session.use'].own;

/**
 * Ends sessions and closes sockets whose right has gone: at once when the database tells of the change, and by looking at everything
 * every 20 s, because a notification can be lost.
 */
export class AccessCuts {
  readonly #options: AccessCutsOptions;
  readonly #listener: ChangeListener;
  readonly #timer: NodeJS.Timeout;
  #checking: Promise<void> | null = null;
  #again = false;
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

  /** Looks at the rights behind every session and socket. Never rejects: without a database everything stays as it is. */
  recheck(): Promise<void> {
    // One that is under way may have read before what this call is about.
    if (this.#checking !== null) this.#again = true;
    this.#checking ??= this.#check()
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'rights were not looked at again'))
      .finally(() => {
        this.#checking = null;
        if (!this.#again || this.#closed) return;
        this.#again = false;
        void this.recheck();
      });
    return this.#checking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#listener.close();
    await this.#checking;
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
        void this.recheck();
    }
  }

  #signedOut(which: (loginSessionId: string) => boolean): void {
    const { sessions, terminalSockets, eventSockets } = this.#options;
    sessions.endWhere(
      ({ loginSessionId }) => loginSessionId !== null && which(loginSessionId),
      'access_lost',
      'The sign-in that started it was ended.',
    );
    for (const sockets of [terminalSockets, eventSockets]) {
      sockets.closeWhere((actor) => which(actor.loginSessionId), CLOSE.signedOut, 'signed out');
    }
  }

  async #check(): Promise<void> {
    const { sessions, terminalSockets, eventSockets } = this.#options;
    const running = [...sessions.active].map(({ identity }) => identity);
    const people = [...terminalSockets.actors(), ...eventSockets.actors()];
    if (running.length === 0 && people.length === 0) return;
    const userIds = unique([...running, ...people].map(({ userId }) => userId));
    const loginIds = unique([...running, ...people].map(({ loginSessionId }) => loginSessionId));
    const routerIds = unique(running.map(({ routerId }) => routerId));
    const rights = await this.#read(userIds, loginIds, routerIds);

    const gone = new Set(loginIds.filter((id) => !rights.logins.has(id)));
    if (gone.size > 0) this.#signedOut((id) => gone.has(id));
    const disabled = new Set(userIds.filter((id) => !rights.users.has(id)));
    for (const sockets of [terminalSockets, eventSockets]) {
      sockets.closeWhere((actor) => disabled.has(actor.userId), CLOSE.signedOut, 'signed out');
    }
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

  async #read(userIds: readonly string[], loginIds: readonly string[], routerIds: readonly string[]) {
    const { database } = this.#options;
    const { User, Membership, LoginSession, Router } = database.models;
    return database.transaction({ organisations: 'all', userId: null }, async (transaction) => {
      const users = await User.findAll({
        attributes: ['id'],
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
        users: new Set(users.map(({ id }) => id)),
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
