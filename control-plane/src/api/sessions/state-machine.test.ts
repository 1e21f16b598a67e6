import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { GatewaySession } from '../../../contract/gateway.ts';
import { CONNECTION_FINDINGS, type ConnectionFinding } from '../../../contract/routers.ts';
import { END_REASONS, type SessionState } from '../../../contract/sessions.ts';
import { runs } from '../../../test/properties.ts';
import { type Machine, type MachineEvent, REQUESTED, SUCCESSORS, step } from './state-machine.ts';

const sandboxId = randomUUID();

function gatewaySession(change: Partial<GatewaySession>): GatewaySession {
  return {
    sessionId: randomUUID(),
    state: 'ready',
    queue: null,
    sandboxId,
    imageDigest: 'sha256:1',
    detail: null,
    cause: null,
    ...change,
  };
}

const anySession = fc
  .record({
    state: fc.constantFrom<GatewaySession['state']>('queued', 'starting', 'ready', 'gone'),
    cause: fc.constantFrom<GatewaySession['cause']>('ended', 'start_failed', 'exited', 'out_of_memory', 'lost', null),
    queue: fc.constantFrom({ position: 2, estimateSeconds: null }, null),
  })
  .map(gatewaySession);

const finding = fc.constantFrom(...(Object.keys(CONNECTION_FINDINGS) as ConnectionFinding[]));
const at = fc.integer({ min: 1, max: 1_000_000 });
const anyEvent: fc.Arbitrary<MachineEvent> = fc.oneof(
  fc.record({ type: fc.constant('gateway' as const), session: anySession, at }),
  fc.record({ type: fc.constant('recovered' as const), session: anySession, at, waitMs: fc.constant(30_000) }),
  fc.record({ type: fc.constant('refused' as const), certain: fc.boolean(), detail: fc.constant('no'), at }),
  fc.record({ type: fc.constant('connected' as const), at }),
  fc.record({ type: fc.constant('unreachable' as const), finding, detail: fc.constant('no'), at }),
  fc.record({ type: fc.constant('lost' as const), at, waitMs: fc.constant(30_000) }),
  fc.record({ type: fc.constant('wait_over' as const), detail: fc.constant('over'), at }),
  fc.record({ type: fc.constant('agent_lost' as const), at }),
  fc.record({
    type: fc.constant('end' as const),
    reason: fc.constantFrom(...END_REASONS),
    detail: fc.constant(null),
    at,
  }),
  fc.record({ type: fc.constant('removed' as const), at }),
);

function run(events: readonly MachineEvent[]): Machine {
  return events.reduce((machine, event) => step(machine, event).machine, REQUESTED);
}

const ready: MachineEvent = { type: 'gateway', session: gatewaySession({}), at: 1 };
const connected: MachineEvent = { type: 'connected', at: 2 };
const live = run([ready, connected]);

describe('whatever happens', () => {
  test('only allowed transitions are taken, and the truth holds together', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let machine = REQUESTED;
        for (const event of events) {
          const { machine: next, commands } = step(machine, event);
          if (next.state !== machine.state) expect(SUCCESSORS[machine.state]).toContain(next.state);
          expect(next.endReason !== null).toBe(next.state === 'ending' || next.state === 'ended');
          expect(next.endedAt !== null).toBe(next.state === 'ended');
          if (next.state === 'live') expect(next.liveAt).not.toBeNull();
          if (next.state === 'live' || next.state === 'connecting') expect(next.sandboxId).toBe(sandboxId);
          if (next.reconnecting !== null) expect(next.state).toBe('live');
          if (next.queue !== null) expect(next.state).toBe('queued');
          if (next.state === 'ending' && machine.state !== 'ending') expect(commands).toEqual(['release', 'remove']);
          if (next.state === 'ended' && machine.state !== 'ended') expect(commands).toEqual(['release']);
          if (commands.includes('connect')) expect(['connecting', 'live']).toContain(next.state);
          machine = next;
        }
      }),
      { numRuns: runs(500) },
    );
  });

  test('ended is final', () => {
    const ended = run([ready, { type: 'end', reason: 'user', detail: null, at: 3 }, { type: 'removed', at: 4 }]);
    expect(ended).toMatchObject({ state: 'ended', endReason: 'user', endedAt: 4 });
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(step(ended, event)).toEqual({ machine: ended, commands: [] });
      }),
    );
  });

  test('every state can be ended, and the first reason stays', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
        const before = run(events);
        const after = step(before, { type: 'end', reason: 'admin', detail: 'why', at: 9 }).machine;
        expect(['ending', 'ended']).toContain(after.state);
        expect(after.endReason).toBe(before.endReason ?? 'admin');
        const { machine } = step(after, {
          type: 'gateway',
          session: gatewaySession({ state: 'gone', cause: 'lost' }),
          at: 10,
        });
        expect(machine).toMatchObject({ state: 'ended', endReason: before.endReason ?? 'admin' });
      }),
    );
  });
});

describe('the way to live', () => {
  test('queued, starting, connecting, live', () => {
    const place = { position: 3, estimateSeconds: 12 };
    const queued = run([{ type: 'gateway', session: gatewaySession({ state: 'queued', queue: place }), at: 1 }]);
    expect(queued).toMatchObject({ state: 'queued', queue: place });
    const starting = step(queued, { type: 'gateway', session: gatewaySession({ state: 'starting' }), at: 2 }).machine;
    expect(starting).toMatchObject({ state: 'starting', queue: null });
    const connecting = step(starting, ready);
    expect(connecting).toMatchObject({ machine: { state: 'connecting', sandboxId }, commands: ['connect'] });
    expect(step(connecting.machine, connected).machine).toMatchObject({ state: 'live', liveAt: 2 });
  });

  test('a late word of the queue does not move a session back', () => {
    for (const state of ['queued', 'starting'] as const) {
      expect(step(live, { type: 'gateway', session: gatewaySession({ state }), at: 9 }).machine).toBe(live);
    }
  });

  test.each<[ConnectionFinding, SessionState, string | null]>([
    ['wrong_credentials', 'ending', 'router_refused'],
    ['no_common_algorithm', 'ending', 'router_refused'],
    ['host_key_changed', 'ending', 'host_key_changed'],
    ['host_key_unconfirmed', 'ending', 'host_key_changed'],
    ['no_tunnel', 'connecting', null],
    ['timeout', 'connecting', null],
    ['refused', 'connecting', null],
  ])('%s leaves a connecting session %s', (reported, state, endReason) => {
    const { machine } = step(run([ready]), { type: 'unreachable', finding: reported, detail: 'd', at: 5 });
    expect(machine).toMatchObject({ state, endReason });
  });
});

describe('a lost router', () => {
  const lost = step(live, { type: 'lost', at: 10, waitMs: 30_000 });

  test('is waited for and found again', () => {
    expect(lost).toMatchObject({
      machine: { state: 'live', reconnecting: { since: 10, until: 30_010 } },
      commands: ['connect'],
    });
    expect(step(lost.machine, connected).machine).toMatchObject({ state: 'live', reconnecting: null, liveAt: 2 });
  });

  test('ends the session when it stays away', () => {
    const { machine } = step(lost.machine, { type: 'wait_over', detail: 'no tunnel', at: 31_000 });
    expect(machine).toMatchObject({ state: 'ending', endReason: 'router_lost', endDetail: 'no tunnel' });
    expect(step(live, { type: 'wait_over', detail: 'late', at: 31_000 }).machine).toBe(live);
  });
});

describe('after a restart of the api', () => {
  test('a live session goes on and connects again', () => {
    const recovered = step(live, { type: 'recovered', session: gatewaySession({}), at: 20, waitMs: 5 });
    expect(recovered).toMatchObject({ machine: { state: 'live', reconnecting: { until: 25 } }, commands: ['connect'] });
  });

  test('one that was ending is removed', () => {
    const ending = step(live, { type: 'end', reason: 'idle', detail: null, at: 3 }).machine;
    const recovered = step(ending, { type: 'recovered', session: gatewaySession({}), at: 20, waitMs: 5 });
    expect(recovered).toEqual({ machine: ending, commands: ['remove'] });
  });

  test('one that the gateway does not know has lost its sandbox', () => {
    const gone = gatewaySession({ state: 'gone', cause: 'lost' });
    expect(step(live, { type: 'gateway', session: gone, at: 20 }).machine).toMatchObject({
      state: 'ended',
      endReason: 'sandbox_lost',
    });
  });
});
