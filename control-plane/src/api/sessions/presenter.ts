import type { BastionSession } from '@netpilot/db/models/bastion-session.ts';
import type { Session } from '../../../contract/sessions.ts';
import type { SessionIdentity } from './session-identity.ts';
import type { Machine } from './state-machine.ts';

/** A session as memory knows it. */
export interface SessionView {
  readonly identity: SessionIdentity;
  readonly machine: Machine;
  /** Milliseconds since the epoch; null before it was live. */
  readonly lastActivityAt: number | null;
  readonly warning: { readonly limit: 'idle' | 'lifetime'; readonly at: number } | null;
}

/** @returns the session as a page sees it. */
export function presentSession({ identity, machine, lastActivityAt, warning }: SessionView): Session {
  const { reconnecting } = machine;
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
