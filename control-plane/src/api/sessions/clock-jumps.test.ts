import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LiveSession, type LiveSessionOptions } from './live-session.ts';
import { REQUESTED } from './state-machine.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.parse('2026-01-01T12:00:00Z');
const id = '3f0c9a5e-6f5d-4f43-9a6f-0c1d2e3f4a5b';

beforeEach(() => {
  jest.useFakeTimers({ now: start });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A session that became live just now, with half an hour of idle time and twelve hours in all. */
function liveSession(): LiveSession {
  const silent = () => undefined;
  return new LiveSession({
    identity: {
      id,
      organisationId: id,
      routerId: id,
      routerName: 'router',
      userId: id,
      userName: 'person',
      loginSessionId: null,
      createdAt: start,
    },
    machine: { ...REQUESTED, state: 'live', sandboxId: id, liveAt: start },
    lastActivityAt: start,
    limits: { idleMs: 30 * minute, lifetimeMs: 12 * hour },
    routerWaitMs: minute,
    services: {
      gateway: { call: async () => ({ ended: true }), on: () => silent },
      log: { info: silent, warn: silent, error: silent },
    } as unknown as LiveSessionOptions['services'],
    onChange: silent,
  });
}

test('a clock that jumps ahead ends the session at its next look, not before its time by the timer', () => {
  const session = liveSession();
  jest.setSystemTime(start + 13 * hour);
  expect(session.machine.state).toBe('live');
  jest.advanceTimersByTime(28 * minute);
  expect(session.machine).toMatchObject({ state: 'ending', endReason: 'idle' });
});

test('a person who typed after the jump is not idle', () => {
  const session = liveSession();
  jest.setSystemTime(start + 2 * hour);
  session.touch();
  jest.advanceTimersByTime(28 * minute);
  expect(session.machine.state).toBe('live');
  jest.advanceTimersByTime(2 * minute);
  expect(session.machine).toMatchObject({ state: 'ending', endReason: 'idle' });
});

test('a clock that jumps back puts the end off by no more than the jump, and no timer spins meanwhile', () => {
  const session = liveSession();
  jest.setSystemTime(start - hour);
  jest.advanceTimersByTime(29 * minute);
  expect(session.machine.state).toBe('live');
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(hour + minute);
  expect(session.machine).toMatchObject({ state: 'ending', endReason: 'idle' });
});
