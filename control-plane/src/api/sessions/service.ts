import { randomUUID } from 'node:crypto';
import type { Database } from '@netpilot/db/database.ts';
import type { Router } from '@netpilot/db/models/router.ts';
import type { FastifyBaseLogger } from 'fastify';
import type { EndReason } from '../../../contract/sessions.ts';
import { type Actor, scopeOf } from '../access/actor.ts';
import { type Action, authorise, can } from '../access/policy.ts';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import { ProblemError, notFound } from '../errors.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';
import type { GatewayChange } from '../gateway-client/gateway-view.ts';
import type { TerminalServices } from '../terminals/session-terminals.ts';
import { type Locks, guardUse } from './guard.ts';
import type { SessionLimits } from './limits.ts';
import { type EarlierState, LiveSession } from './live-session.ts';
import type { Presence } from './presence.ts';
import type { ConnectionProbe } from './probe.ts';
import { Recovery, isRefusal } from './recovery.ts';
import type { ReachServices } from './router-reach.ts';
import { RowWriter } from './row-writer.ts';
import type { SessionIdentity } from './session-identity.ts';
import { type Machine, REQUESTED, isWaiting } from './state-machine.ts';

export interface SessionServiceOptions extends ReachServices {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly gateway: Pick<GatewayClient, 'on' | 'call' | 'sessions' | 'tunnel' | 'connected'>;
  readonly probe: Pick<ConnectionProbe, 'has'>;
  readonly presence: Presence;
  readonly terminals: TerminalServices;
  readonly locks: Locks & { refresh(): Promise<void> };
  readonly limits: SessionLimits;
  /** How long a session waits for a router that is away, in milliseconds. */
  readonly routerWaitMs: number;
  /** How long a queued session keeps its place without a page of its person, in milliseconds. */
  readonly queuePresenceMs: number;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;
}

/** Who ended a session; null for the system. */
type Ender = Pick<Actor, 'userId' | 'name'> | null;

export type SessionListener = (session: LiveSession) => void;

const SWEEP_MS = 5_000;
const RECONCILE_MS = 20_000;
/** How far `last_activity_at` may be behind, in milliseconds. */
const ACTIVITY_LAG_MS = 30_000;
/** How long an answer waits for the row and the audit event of a change; after that they are written behind. */
const WRITTEN_MS = 3_000;

/** All sessions that have not ended, and their way from request to end. */
export class SessionService {
  readonly #options: SessionServiceOptions;
  readonly #writer: RowWriter;
  readonly #active = new Map<string, LiveSession>();
  readonly #recovery: Recovery;
  readonly #savedActivity = new Map<string, number | null>();
  readonly #listeners = new Set<SessionListener>();
  readonly #timers: NodeJS.Timeout[] = [];
  #off: () => void;
  #ender: Ender = null;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
    this.#writer = new RowWriter(options.database, options.audit, options.log);
    this.#recovery = new Recovery({
      ...options,
      sessions: this.#active,
      add: (identity, machine, earlier) => this.#add(identity, machine, earlier),
      request: (session, routerId) => this.#request(session, routerId),
      end: (session, reason, detail) => this.#end(session, reason, detail, null),
    });
    this.#off = options.gateway.on((change) => this.#heard(change));
    this.#timers.push(setInterval(() => this.#sweep(), SWEEP_MS));
    this.#timers.push(setInterval(() => void this.reconcile(), RECONCILE_MS));
  }

  /** Every session in memory: those that have not ended, and those whose end is not written yet. */
  get active(): Iterable<LiveSession> {
    return this.#active.values();
  }

  /** Told after each change that a page sees. @returns takes the listener away again. */
  on(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * A session in memory that the actor may act on.
   * @returns null when memory does not know it: it has ended, or never was.
   * @throws ProblemError `not_found`, `forbidden`; `locked`, `screen_locked`, `session_paused` for what that holds back.
   */
  find(actor: Actor, id: string, action: Action): LiveSession | null {
    const session = this.#active.get(id.toLowerCase());
    if (session === undefined) return null;
    const { organisationId, userId } = session.identity;
    const resource = { organisationId, ownerId: userId };
    authorise(actor, action, resource, can(actor, 'session.read', resource));
    guardUse(session, actor, action, this.#options.locks);
    return session;
  }

  /** Whether a session is this person's and its screen locked to them. */
  screenHidden({ userId, loginSessionId }: Pick<Actor, 'userId' | 'loginSessionId'>, id: string): boolean {
    const session = this.#active.get(id);
    return session?.identity.userId === userId && session.screenLock.hides(loginSessionId);
  }

  /**
   * Asks for a session with a router.
   * @throws ProblemError `not_found`, `forbidden`, `host_key_unconfirmed`, `router_unreachable`, `too_many_sessions`, `gateway_unavailable`, `locked`.
   */
  async start(actor: Actor, routerId: string): Promise<LiveSession> {
    const { database, audit, locks } = this.#options;
    const [router] = await Promise.all([
      database.transaction(scopeOf(actor), (transaction) => database.models.Router.findByPk(routerId, { transaction })),
      // Word of a lock can be late; what starts something looks itself.
      locks.refresh(),
    ]);
    if (router === null) throw notFound();
    const resource = { organisationId: router.organisationId, ownerId: router.ownerId };
    authorise(actor, 'session.start', resource, can(actor, 'router.read', resource));
    this.#checkRouter(router);
    refuseLocked(locks, actor, resource.organisationId, router.id);
    const identity: SessionIdentity = {
      id: randomUUID(),
      organisationId: router.organisationId,
      routerId: router.id,
      routerName: router.name,
      userId: actor.userId,
      userName: actor.name,
      loginSessionId: actor.loginSessionId,
      createdAt: Date.now(),
    };
    await database.transaction(
      { organisations: [identity.organisationId], userId: actor.userId },
      async (transaction) => {
        await database.models.BastionSession.create(
          { ...identity, ...NEW_ROW, createdAt: new Date(identity.createdAt) },
          { transaction },
        );
        const details = { router: router.name };
        const entry = { action: 'session_requested', subjectId: identity.id, details } as const;
        await audit.record({ ...entry, organisationId: identity.organisationId, actor }, transaction);
      },
    );
    const session = this.#add(identity, REQUESTED, NOTHING_YET);
    this.#options.presence.seen(actor.userId);
    try {
      // Set between the look above and the row: whoever ended the locked ones did not see this one.
      refuseLocked(locks, actor, identity.organisationId, router.id);
      await this.#request(session, router.id);
      return session;
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'locked')
        this.#end(session, 'lock', error.detail ?? null, null);
      else session.refuse(isRefusal(error), 'The gateway did not take the session.');
      throw error;
    }
  }

  /** Ends a session for a person: theirs with reason `user`, somebody else's with `admin`. @returns null when memory does not know it. */
  async end(actor: Actor, id: string): Promise<LiveSession | null> {
    await this.loaded();
    const session = this.find(actor, id, 'session.end');
    if (session === null) return null;
    this.#end(session, session.identity.userId === actor.userId ? 'user' : 'admin', null, actor);
    await this.written(session);
    return session;
  }

  /** Resolves when the row says what memory says, so that a crash does not undo it; never rejects, and does not wait for long. */
  written({ identity }: LiveSession): Promise<void> {
    return this.#writer.settled(identity.id, WRITTEN_MS);
  }

  /** Ends all sessions that `which` says. @param actor who did it, for the audit trail; null for the system. */
  endWhere(
    which: (identity: SessionIdentity) => boolean,
    reason: EndReason,
    detail: string | null = null,
    actor: Ender = null,
  ): void {
    for (const session of this.#active.values()) {
      if (which(session.identity)) this.#end(session, reason, detail, actor);
    }
  }

  /** Takes up the sessions that an earlier process left. Never rejects: what cannot be done yet is done later. */
  recover(): Promise<void> {
    return this.#recovery.recover();
  }

  /** Reads the rows that an earlier process left, unless that is done. Never rejects. */
  loaded(): Promise<void> {
    return this.#recovery.loaded();
  }

  /** Compares memory with the gateway; what only one of them knows is ended. Never rejects. */
  reconcile(): Promise<void> {
    return this.#recovery.reconcile();
  }

  /** Lets go of everything; no session ends by it. */
  async close(): Promise<void> {
    this.#recovery.close();
    this.#off();
    for (const timer of this.#timers) clearInterval(timer);
    this.#listeners.clear();
    await Promise.all([...this.#active.values()].map((session) => session.close()));
    await this.#writer.close();
  }

  #checkRouter(router: Router): void {
    const { gateway } = this.#options;
    if (!gateway.connected) throw new ProblemError('gateway_unavailable');
    if (router.attachment === 'enrolled' && !gateway.tunnel(router.id).up) throw new ProblemError('router_unreachable');
    if (router.hostKey === null) throw new ProblemError('host_key_unconfirmed');
  }

  /** Asks the gateway for the session's sandbox; asking again for one that it has changes nothing. */
  async #request(session: LiveSession, routerId: string): Promise<void> {
    const { gateway } = this.#options;
    const { id: sessionId, organisationId, userId } = session.identity;
    const call = { verb: 'start_session', sessionId, organisationId, userId, routerId, priority: 0 } as const;
    const answer = await gateway.call<'start_session'>(call);
    // An event that came before the answer is newer than the answer.
    session.heard(gateway.sessions().get(sessionId) ?? answer);
  }

  #add(identity: SessionIdentity, machine: Machine, earlier: EarlierState): LiveSession {
    const { limits, routerWaitMs } = this.#options;
    const session = new LiveSession({
      identity,
      machine,
      earlier,
      limits,
      routerWaitMs,
      services: this.#options,
      onChange: (changed, before) => this.#changed(changed, this.#entryOf(changed, before)),
      onScreenLocked: (locked) => this.#changed(locked, entry(locked, 'screen_locked', null)),
    });
    this.#active.set(identity.id, session);
    this.#savedActivity.set(identity.id, earlier.lastActivityAt);
    if (machine === REQUESTED) this.#tell(session);
    return session;
  }

  #end(session: LiveSession, reason: EndReason, detail: string | null, actor: Ender): void {
    this.#ender = actor;
    session.end(reason, detail);
    this.#ender = null;
  }

  #changed(session: LiveSession, event: AuditEntry | undefined): void {
    const { identity, machine } = session;
    this.#savedActivity.set(identity.id, session.lastActivityAt);
    this.#writer.save(session, event);
    this.#tell(session);
    if (machine.state === 'ended') void this.#writer.settled(identity.id, SWEEP_MS).then(() => this.#forget(session));
  }

  #entryOf(session: LiveSession, before: Machine): AuditEntry | undefined {
    const { identity, machine } = session;
    if (machine.endReason !== null && before.endReason === null) {
      return entry(session, 'session_ended', this.#ender, { reason: machine.endReason });
    }
    if (machine.state !== 'live' || before.state === 'live') return undefined;
    return entry(session, 'session_live', { userId: identity.userId, name: identity.userName });
  }

  #tell(session: LiveSession): void {
    for (const listener of this.#listeners) {
      try {
        listener(session);
      } catch (error) {
        this.#options.log.error({ err: error }, 'a listener to sessions failed');
      }
    }
  }

  #forget(session: LiveSession): void {
    const { id } = session.identity;
    if (session.machine.state !== 'ended' || !this.#writer.isWritten(id)) return;
    this.#active.delete(id);
    this.#savedActivity.delete(id);
    void session.close();
  }

  #heard(change: GatewayChange): void {
    if (change.type === 'session') {
      const session = this.#active.get(change.session.sessionId);
      if (session === undefined) return;
      // A gateway that was restarted has forgotten its line, which loses nobody anything: the comparison asks again.
      const forgotten = change.session.cause === 'lost' && isWaiting(session.machine);
      // Until the first comparison a recovered session only waits to be recovered.
      if (this.#recovery.done && !forgotten) session.heard(change.session);
    } else if (change.type === 'synchronised') void this.reconcile();
  }

  #sweep(): void {
    if (!this.#recovery.done) void this.recover();
    const { presence, queuePresenceMs } = this.#options;
    for (const session of this.#active.values()) {
      const { identity, machine, lastActivityAt } = session;
      const saved = this.#savedActivity.get(identity.id) ?? 0;
      if (machine.state === 'ended') this.#forget(session);
      else if (machine.state === 'queued' && presence.absentMs(identity.userId) > queuePresenceMs) {
        this.#end(session, 'abandoned', null, null);
      } else if (lastActivityAt !== null && lastActivityAt - saved > ACTIVITY_LAG_MS) {
        this.#savedActivity.set(identity.id, lastActivityAt);
        this.#writer.save(session);
      }
    }
  }
}

const NEW_ROW = {
  state: 'requested',
  endReason: null,
  endDetail: null,
  sandboxId: null,
  imageDigest: null,
  liveAt: null,
  endedAt: null,
  lastActivityAt: null,
} as const;

const NOTHING_YET: EarlierState = { lastActivityAt: null, screenLockedAt: null, paused: null };

function entry(
  { identity }: LiveSession,
  action: AuditEntry['action'],
  actor: Ender,
  details: AuditEntry['details'] = {},
): AuditEntry {
  return {
    action,
    organisationId: identity.organisationId,
    subjectId: identity.id,
    actor,
    details: { router: identity.routerName, person: identity.userName, ...details },
  };
}

/** @throws ProblemError `locked`. */
function refuseLocked(locks: Locks, actor: Actor, organisationId: string, routerId: string): void {
  const message = locks.messageFor(actor, { organisationId, routerId });
  if (message !== null) throw new ProblemError('locked', message);
}
