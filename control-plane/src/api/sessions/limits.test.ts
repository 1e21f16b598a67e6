import { expect, test } from '@jest/globals';
import { nextLimit } from './limits.ts';

const minute = 60_000;
const limits = { idleMs: 30 * minute, lifetimeMs: 12 * 60 * minute };

test('idle comes first while nobody types, with a warning two minutes before', () => {
  expect(nextLimit(limits, 0, 10 * minute)).toEqual({ limit: 'idle', at: 40 * minute, warnAt: 38 * minute });
});

test('the lifetime comes first for somebody who never stops', () => {
  const end = 12 * 60 * minute;
  expect(nextLimit(limits, 0, end - minute)).toEqual({ limit: 'lifetime', at: end, warnAt: end - 2 * minute });
});

test('a limit shorter than its warning is warned of half way', () => {
  expect(nextLimit({ ...limits, idleMs: minute }, 0, 0)).toEqual({ limit: 'idle', at: minute, warnAt: minute / 2 });
});
