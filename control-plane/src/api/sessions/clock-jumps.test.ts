import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
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

/** A session that became live just now, with a quarter of an hour to the screen lock, half an hour of idle time and twelve hours in all. */
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
    earlier: { lastActivityAt: start, screenLockedAt: null, paused: null },
    limits: { screenLockMs: 15 * minute, idleMs: 30 * minute, lifetimeMs: 12 * hour },
    routerWaitMs: minute,
    services: {
      gateway: { call: async () => ({ ended: true }), on: () => silent },
      log: { info: silent, warn: silent, error: silent },
    } as unknown as LiveSessionOptions['services'],
    onChange: silent,
    onScreenLocked: silent,
  });
}

/** The warnings and ends come by time that has passed, whatever the clock of the machine is set to. */
describe.each([
  ['ahead', 13 * hour],
  ['back', -13 * hour],
])('a clock that is set %s', (_name, jump) => {
  test('does not move the screen lock or the idle end', () => {
    const session = liveSession();
    jest.setSystemTime(start + jump);
    jest.advanceTimersByTime(15 * minute - 1);
    expect(session.screenLock.lockedAt).toBeNull();
    jest.advanceTimersByTime(1);
    expect(session.screenLock.lockedAt).not.toBeNull();
    jest.advanceTimersByTime(15 * minute - 1);
    expect(session.machine.state).toBe('live');
    jest.advanceTimersByTime(1);
    expect(session.machine).toMatchObject({ state: 'ending', endReason: 'idle' });
  });

  test('does not move the lifetime end of somebody who goes on typing', () => {
    const session = liveSession();
    jest.advanceTimersByTime(minute);
    jest.setSystemTime(start + jump);
    for (let at = 2; at < 12 * 60; at += 1) {
      session.touch();
      jest.advanceTimersByTime(minute);
    }
    expect(session.machine.state).toBe('live');
    jest.advanceTimersByTime(minute);
    expect(session.machine).toMatchObject({ state: 'ending', endReason: 'lifetime' });
  });

  test('tells when by the clock as it is', () => {
    const session = liveSession();
    jest.setSystemTime(start + jump);
    jest.advanceTimersByTime(13 * minute);
    expect(session.warning).toEqual({ limit: 'screen_lock', at: Date.now() + 2 * minute });
    session.touch();
    expect(session.warning).toBeNull();
    expect(jest.getTimerCount()).toBe(1);
  });
});
