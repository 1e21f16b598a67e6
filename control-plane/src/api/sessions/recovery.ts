import type { Database } from '@netpilot/db/database.ts';
import type { BastionSession } from '@netpilot/db/models/bastion-session.ts';
import type { FastifyBaseLogger } from 'fastify';
import { Op } from 'sequelize';
import type { GatewaySession } from '../../../contract/gateway.ts';
import type { EndReason } from '../../../contract/sessions.ts';
import { ProblemError } from '../errors.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';
import type { EarlierState, LiveSession } from './live-session.ts';
import type { ConnectionProbe } from './probe.ts';
import type { SessionIdentity } from './session-identity.ts';
import { type Machine, REQUESTED, isWaiting } from './state-machine.ts';
import { Strangers } from './strangers.ts';

export interface RecoveryOptions {
  readonly database: Database;
  readonly gateway: Pick<GatewayClient, 'call'>;
  readonly probe: Pick<ConnectionProbe, 'has'>;
  readonly locks: { refresh(): Promise<void> };
  readonly routerWaitMs: number;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
  /** Sessions in memory, by id. */
  readonly sessions: ReadonlyMap<string, LiveSession>;
  readonly add: (identity: SessionIdentity, machine: Machine, earlier: EarlierState) => LiveSession;
  /** Asks the gateway for the session's sandbox. */
  readonly request: (session: LiveSession, routerId: string) => Promise<void>;
  readonly end: (session: LiveSession, reason: EndReason, detail: string) => void;
}

/** Brings rows, memory and gateway together: after a restart of the api, and again and again while it runs. */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #strangers: Strangers;
  /** Sessions of rows that have not been compared with the gateway yet. */
  readonly #unrecovered = new Set<LiveSession>();
  #done = false;
  #reconciling: Promise<void> | null = null;
  #closed = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#strangers = new Strangers(options.database);
  }

  /** Whether the rows that an earlier process left are in memory. */
  get done(): boolean {
    return this.#done;
  }

  /** Never rejects: what cannot be done yet is done later. */
  async recover(): Promise<void> {
    await this.#load();
    await this.reconcile();
  }

  /**
   * Reads the rows that an earlier process left, unless that is done. A process that started without the database would else tell of
   * sessions, or end them, by their rows alone. Never rejects.
   */
  async loaded(): Promise<void> {
    if (this.#done) return;
    await this.#load();
    if (this.#done) void this.reconcile();
  }

  /** Compares memory with the gateway; what only one of them knows is ended. Never rejects. */
  reconcile(): Promise<void> {
    this.#reconciling ??= this.#compare()
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'sessions were not compared with the gateway'))
      .finally(() => (this.#reconciling = null));
    return this.#reconciling;
  }

  close(): void {
    this.#closed = true;
  }

  /** Reads the rows that have not ended, once. */
  async #load(): Promise<void> {
    if (this.#done || this.#closed) return;
    const { database, locks, sessions, log } = this.#options;
    try {
      // Nobody uses a session before it is known what is locked.
      await locks.refresh();
      const rows = await database.transaction({ organisations: 'all', userId: null }, (transaction) =>
        database.models.BastionSession.findAll({ where: { state: { [Op.ne]: 'ended' } }, limit: 10_000, transaction }),
      );
      if (this.#done) return;
      for (const row of rows) if (!sessions.has(row.id)) this.#unrecovered.add(this.#takeUp(row));
      this.#done = true;
    } catch (error) {
      log.warn({ err: error }, 'the sessions of before could not be read yet');
    }
  }

  #takeUp(row: BastionSession): LiveSession {
    const now = Date.now();
    const { id, organisationId, routerId, routerName, userId, userName, loginSessionId, pausedAt, pausedBy } = row;
    const machine: Machine = {
      ...REQUESTED,
      state: row.state,
      sandboxId: row.sandboxId,
      imageDigest: row.imageDigest,
      endReason: row.endReason,
      endDetail: row.endDetail,
      liveAt: row.liveAt?.getTime() ?? null,
      // Nobody has its terminals until the gateway and the agent have been heard.
      reconnecting: row.state === 'live' ? { since: now, until: now + this.#options.routerWaitMs } : null,
    };
    return this.#options.add(
      {
        id,
        organisationId,
        routerId,
        routerName,
        userId,
        userName,
        loginSessionId,
        createdAt: row.createdAt.getTime(),
      },
      machine,
      {
        lastActivityAt: row.lastActivityAt?.getTime() ?? null,
        screenLockedAt: row.screenLockedAt?.getTime() ?? null,
        paused: pausedAt === null ? null : { by: pausedBy ?? '', since: pausedAt.getTime() },
      },
    );
  }

  async #compare(): Promise<void> {
    if (!this.#done || this.#closed) return;
    const { gateway, probe, sessions: inMemory, log } = this.#options;
    const asked = [...inMemory.values()].filter((session) => session.accepted || this.#unrecovered.has(session));
    const { sessions } = await gateway.call<'list'>({ verb: 'list' });
    const known = new Map(sessions.map((session) => [session.sessionId, session]));
    for (const session of asked) {
      const { id } = session.identity;
      const told = known.get(id);
      if (told === undefined && isWaiting(session.machine)) {
        if (await this.#requestAgain(session)) this.#unrecovered.delete(session);
      } else if (this.#unrecovered.delete(session) && told !== undefined && told.state !== 'gone') {
        session.recover(told);
      } else session.heard(told ?? lost(id));
    }
    const strangers = sessions
      .filter(({ sessionId, state }) => state !== 'gone' && !inMemory.has(sessionId) && !probe.has(sessionId))
      .map(({ sessionId }) => sessionId);
    for (const sessionId of await this.#strangers.nobodys(strangers)) {
      log.warn({ sessionId }, 'the gateway has a session that nobody knows');
      await gateway.call<'end_session'>({ verb: 'end_session', sessionId });
    }
  }

  /**
   * A session that still waits for its sandbox, unknown to a gateway that has been restarted: it goes into the line again.
   * @returns false when the gateway could not be asked; the next comparison asks again.
   */
  async #requestAgain(session: LiveSession): Promise<boolean> {
    const { routerId, id } = session.identity;
    const { log } = this.#options;
    try {
      if (routerId === null) this.#options.end(session, 'access_lost', 'The router was deleted.');
      else await this.#options.request(session, routerId);
      log.info({ sessionId: id }, 'asked the gateway again for a session that waits');
    } catch (error) {
      log.warn({ err: error, sessionId: id }, 'the gateway did not take a session again');
      if (!isRefusal(error)) return false;
      session.refuse(true, 'The gateway did not take the session again.');
    }
    return true;
  }
}

/** Whether the gateway has surely kept nothing of what it was asked for. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ProblemError && error.code !== 'gateway_unavailable' && error.code !== 'internal';
}

function lost(sessionId: string): GatewaySession {
  return {
    sessionId,
    state: 'gone',
    queue: null,
    sandboxId: null,
    imageDigest: null,
    detail: 'The gateway does not know this session.',
    cause: 'lost',
  };
}
