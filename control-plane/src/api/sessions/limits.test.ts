import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WARNING_MS, nextLimit } from './limits.ts';

const minute = 60_000;
const limits = { screenLockMs: 15 * minute, idleMs: 30 * minute, lifetimeMs: 12 * 60 * minute };

test('while nobody types the screen is locked first, then the session ends; each with a warning two minutes before', () => {
  expect(nextLimit(limits, 0, 10 * minute, false)).toEqual({
    limit: 'screen_lock',
    at: 25 * minute,
    warnAt: 23 * minute,
  });
  expect(nextLimit(limits, 0, 10 * minute, true)).toEqual({ limit: 'idle', at: 40 * minute, warnAt: 38 * minute });
});

test('a screen lock that is no earlier than the end is left out', () => {
  const late = { ...limits, screenLockMs: 30 * minute };
  expect(nextLimit(late, 0, 0, false)).toEqual({ limit: 'idle', at: 30 * minute, warnAt: 28 * minute });
});

test('the lifetime comes first for somebody who never stops', () => {
  const end = 12 * 60 * minute;
  expect(nextLimit(limits, 0, end - minute, false)).toEqual({ limit: 'lifetime', at: end, warnAt: end - 2 * minute });
});

test('a limit shorter than its warning is warned of half way', () => {
  const short = { ...limits, idleMs: minute };
  expect(nextLimit(short, 0, 0, false)).toEqual({ limit: 'idle', at: minute, warnAt: minute / 2 });
});

test('whatever the limits, none is put off by being warned of, and no end comes later than lifetime and idle say', () => {
  const length = fc.integer({ min: 1, max: 1_000_000_000 });
  fc.assert(
    fc.property(length, length, length, fc.nat(1_000_000_000), fc.boolean(), (lock, idle, lifetime, typed, locked) => {
      const any = { screenLockMs: lock, idleMs: idle, lifetimeMs: lifetime };
      const next = nextLimit(any, 0, typed, locked);
      expect(next.warnAt).toBeLessThanOrEqual(next.at);
      expect(next.at - next.warnAt).toBeLessThanOrEqual(WARNING_MS);
      expect(next.at).toBeLessThanOrEqual(Math.min(typed + idle, lifetime));
      if (next.limit !== 'screen_lock') expect(next.at).toBe(Math.min(typed + idle, lifetime));
    }),
  );
});
