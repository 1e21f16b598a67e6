import type { BastionSession } from '@netpilot/db/models/bastion-session.ts';
import type { Session } from '../../../contract/sessions.ts';
import type { Actor } from '../access/actor.ts';
import type { Limit } from './limits.ts';
import type { Overseen } from './overseen.ts';
import type { ScreenLock } from './screen-lock.ts';
import type { SessionIdentity } from './session-identity.ts';
import type { Machine } from './state-machine.ts';

/** A session as memory knows it. */
export interface SessionView {
  readonly identity: SessionIdentity;
  readonly machine: Machine;
  /** Milliseconds since the epoch; null before it was live. */
  readonly lastActivityAt: number | null;
  readonly warning: { readonly limit: Limit; readonly at: number } | null;
  readonly screenLock: ScreenLock;
  readonly overseen: Overseen;
  readonly bytes: number;
}

/** @returns the session as this reader sees it: who is watched learns only of those who may be named. */
export function presentSession(session: SessionView, reader: Pick<Actor, 'userId' | 'loginSessionId'>): Session {
  const { identity, machine, lastActivityAt, warning, screenLock, overseen, bytes } = session;
  const { reconnecting } = machine;
  const own = identity.userId === reader.userId;
  const { paused, message } = overseen;
  return {
    id: identity.id,
    organisationId: identity.organisationId,
    routerId: identity.routerId,
    routerName: identity.routerName,
    userId: identity.userId,
    userName: identity.userName,
    state: machine.state,
    queue: machine.queue,
    endReason: machine.endReason,
    endDetail: machine.endDetail,
    reconnecting: reconnecting && { since: instant(reconnecting.since), until: instant(reconnecting.until) },
    warning: warning && { limit: warning.limit, at: instant(warning.at) },
    screenLockedAt: (own ? screenLock.hides(reader.loginSessionId) : screenLock.dark)
      ? orNull(screenLock.lockedAt)
      : null,
    paused: paused && { by: paused.by, since: instant(paused.since) },
    message: message && { from: message.from, text: message.text, at: instant(message.at) },
    watchers: overseen.onlookers
      .filter(({ silent }) => !own || !silent)
      .map(({ actor, role, joined, since }) => ({ name: actor.name, role, joined, since: instant(since) })),
    bytes,
    createdAt: instant(identity.createdAt),
    liveAt: orNull(machine.liveAt),
    endedAt: orNull(machine.endedAt),
    lastActivityAt: orNull(lastActivityAt),
  };
}

/** @returns a session of the past, from its row. */
export function presentRow(row: BastionSession): Session {
  return {
    id: row.id,
    organisationId: row.organisationId,
    routerId: row.routerId,
    routerName: row.routerName,
    userId: row.userId,
    userName: row.userName,
    state: row.state,
    queue: null,
    endReason: row.endReason,
    endDetail: row.endDetail,
    reconnecting: null,
    warning: null,
    screenLockedAt: null,
    paused: null,
    message: null,
    watchers: [],
    bytes: 0,
    createdAt: row.createdAt.toISOString(),
    liveAt: row.liveAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    lastActivityAt: row.lastActivityAt?.toISOString() ?? null,
  };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

function orNull(at: number | null): string | null {
  return at === null ? null : instant(at);
}
