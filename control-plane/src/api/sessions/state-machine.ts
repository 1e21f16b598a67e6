import type { GatewaySession } from '../../../contract/gateway.ts';
import type { ConnectionFinding } from '../../../contract/routers.ts';
import type { EndReason, QueuePlace, SessionState } from '../../../contract/sessions.ts';

/** One session's state; times are milliseconds since the epoch. Never changed in place. */
export interface Machine {
  readonly state: SessionState;
  readonly queue: QueuePlace | null;
  readonly sandboxId: string | null;
  readonly imageDigest: string | null;
  readonly endReason: EndReason | null;
  readonly endDetail: string | null;
  /** While live without a router: since when, and until when the session waits for it. */
  readonly reconnecting: { readonly since: number; readonly until: number } | null;
  readonly liveAt: number | null;
  readonly endedAt: number | null;
}

export type MachineEvent = { readonly at: number } & (
  | { readonly type: 'gateway'; readonly session: GatewaySession }
  /** The gateway knows a session that an earlier process of ours had. */
  | { readonly type: 'recovered'; readonly session: GatewaySession; readonly waitMs: number }
  /** The gateway did not take the session; `certain` when it has surely kept nothing of it. */
  | { readonly type: 'refused'; readonly certain: boolean; readonly detail: string }
  | { readonly type: 'connected' }
  | { readonly type: 'unreachable'; readonly finding: ConnectionFinding; readonly detail: string }
  | { readonly type: 'lost'; readonly waitMs: number }
  | { readonly type: 'wait_over'; readonly detail: string }
  | { readonly type: 'agent_lost' }
  | { readonly type: 'end'; readonly reason: EndReason; readonly detail: string | null }
  /** The gateway says that nothing of the session is left. */
  | { readonly type: 'removed' }
);

/**
 * What is to be done now. `connect`: reach the router, trying again while that may help. `release`: let go of link, timers and terminals.
 * `remove`: have the gateway remove everything, until it says so.
 */
export type Command = 'connect' | 'release' | 'remove';

export interface Step {
  readonly machine: Machine;
  readonly commands: readonly Command[];
}

/** A session that has just been asked for. */
export const REQUESTED: Machine = {
  state: 'requested',
  queue: null,
  sandboxId: null,
  imageDigest: null,
  endReason: null,
  endDetail: null,
  reconnecting: null,
  liveAt: null,
  endedAt: null,
};

/** What may follow what; `ended` is final. */
export const SUCCESSORS: Readonly<Record<SessionState, readonly SessionState[]>> = {
  requested: ['queued', 'starting', 'connecting', 'ending', 'ended'],
  queued: ['starting', 'connecting', 'ending', 'ended'],
  starting: ['connecting', 'ending', 'ended'],
  connecting: ['live', 'ending', 'ended'],
  live: ['ending', 'ended'],
  ending: ['ended'],
  ended: [],
};

/** Findings that end a session at once; after the others the router may still come back. */
const FINAL_FINDINGS: Partial<Record<ConnectionFinding, EndReason>> = {
  wrong_credentials: 'router_refused',
  no_common_algorithm: 'router_refused',
  host_key_unconfirmed: 'host_key_changed',
  host_key_changed: 'host_key_changed',
};

/** @returns whether trying again may help after this finding. */
export function isTransient(finding: ConnectionFinding): boolean {
  return FINAL_FINDINGS[finding] === undefined;
}

/** Applies one event. An event that means nothing in this state changes nothing: the same machine comes back, without commands. */
export function step(machine: Machine, event: MachineEvent): Step {
  const same: Step = { machine, commands: [] };
  if (machine.state === 'ended') return same;
  switch (event.type) {
    case 'gateway':
      return heard(machine, event.session, event.at);
    case 'recovered':
      return recovered(machine, event.session, event.at, event.waitMs);
    case 'removed':
      return machine.state === 'ending' ? ended(machine, event.at, 'sandbox_lost', null) : same;
    case 'end':
      return ending(machine, event.reason, event.detail);
    case 'agent_lost':
      return ending(machine, 'sandbox_lost', 'The agent in the sandbox went silent.');
    case 'refused':
      if (!isWaiting(machine)) return same;
      return event.certain
        ? ended(machine, event.at, 'start_failed', event.detail)
        : ending(machine, 'start_failed', event.detail);
    case 'connected':
      if (machine.state === 'connecting') {
        return { machine: { ...machine, state: 'live', liveAt: event.at, reconnecting: null }, commands: [] };
      }
      return machine.reconnecting === null ? same : { machine: { ...machine, reconnecting: null }, commands: [] };
    case 'lost':
      return machine.state === 'live' && machine.reconnecting === null
        ? reconnecting(machine, event.at, event.waitMs)
        : same;
    case 'unreachable': {
      const reason = FINAL_FINDINGS[event.finding];
      return reason !== undefined && isReaching(machine) ? ending(machine, reason, event.detail) : same;
    }
    case 'wait_over':
      return isReaching(machine) ? ending(machine, 'router_lost', event.detail) : same;
  }
}

function heard(machine: Machine, session: GatewaySession, at: number): Step {
  const same: Step = { machine, commands: [] };
  switch (session.state) {
    case 'gone':
      return ended(machine, at, session.cause === 'start_failed' ? 'start_failed' : 'sandbox_lost', session.detail);
    case 'queued':
      return machine.state === 'requested' || machine.state === 'queued'
        ? { machine: { ...machine, state: 'queued', queue: session.queue }, commands: [] }
        : same;
    case 'starting':
      return machine.state === 'requested' || machine.state === 'queued'
        ? { machine: { ...machine, state: 'starting', queue: null }, commands: [] }
        : same;
    case 'ready':
      if (!isWaiting(machine) || session.sandboxId === null) return same;
      return {
        machine: {
          ...machine,
          state: 'connecting',
          queue: null,
          sandboxId: session.sandboxId,
          imageDigest: session.imageDigest,
        },
        commands: ['connect'],
      };
  }
}

function recovered(machine: Machine, session: GatewaySession, at: number, waitMs: number): Step {
  if (machine.state === 'ending') return { machine, commands: ['remove'] };
  if (session.state !== 'ready' || session.sandboxId === null || isWaiting(machine)) return heard(machine, session, at);
  const known = { ...machine, sandboxId: session.sandboxId, imageDigest: session.imageDigest };
  return machine.state === 'live' ? reconnecting(known, at, waitMs) : { machine: known, commands: ['connect'] };
}

function reconnecting(machine: Machine, at: number, waitMs: number): Step {
  return { machine: { ...machine, reconnecting: { since: at, until: at + waitMs } }, commands: ['connect'] };
}

function ending(machine: Machine, reason: EndReason, detail: string | null): Step {
  if (machine.state === 'ending') return { machine, commands: [] };
  return {
    machine: { ...machine, state: 'ending', queue: null, reconnecting: null, endReason: reason, endDetail: detail },
    commands: ['release', 'remove'],
  };
}

function ended(machine: Machine, at: number, reason: EndReason, detail: string | null): Step {
  return {
    machine: {
      ...machine,
      state: 'ended',
      queue: null,
      reconnecting: null,
      endedAt: at,
      endReason: machine.endReason ?? reason,
      endDetail: machine.endReason === null ? detail : machine.endDetail,
    },
    commands: ['release'],
  };
}

/** @returns whether there is no sandbox yet, so that nothing is lost when the gateway forgets the session. */
export function isWaiting({ state }: Machine): boolean {
  return state === 'requested' || state === 'queued' || state === 'starting';
}

/** While the router is being reached, for the first time or again. */
function isReaching({ state, reconnecting: away }: Machine): boolean {
  return state === 'connecting' || (state === 'live' && away !== null);
}
