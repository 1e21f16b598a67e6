import { describe, expect, test } from '@jest/globals';
import { addsAtMost, atLeastShare, atMost, forComparison } from './measure.ts';
import { single, summarise } from './statistics.ts';

const row = (...samples: number[]) => ({ name: 'row', unit: 'ms' as const, ours: summarise(samples) });

describe('goals', () => {
  test('a bound is met up to and including itself', () => {
    expect(atMost(row(30), 30, 'p95')).toMatchObject({ met: true, goal: 'p95 at most 30 ms', reference: null });
    expect(atMost(row(1, 1, 31), 30, 'p95').met).toBe(false);
    expect(atMost(row(1, 1, 31), 30, 'median').met).toBe(true);
  });

  test('what is added is judged against the same statistic of the reference', () => {
    const reference = summarise([1, 1, 10]);
    expect(addsAtMost(row(2, 2, 15), reference, { median: 1, p99: 5 }, 'OpenSSH')).toMatchObject({
      met: true,
      goal: 'median OpenSSH + 1 ms, p99 OpenSSH + 5 ms',
    });
    expect(addsAtMost(row(2, 2, 16), reference, { median: 1, p99: 5 }, 'OpenSSH').met).toBe(false);
    expect(addsAtMost(row(3, 3, 3), reference, { median: 1, p99: 5 }, 'OpenSSH').met).toBe(false);
  });

  test('a share, and no goal at all', () => {
    expect(atLeastShare(row(70), single(100), 0.7, 'OpenSSH').met).toBe(true);
    expect(atLeastShare(row(69), single(100), 0.7, 'OpenSSH').met).toBe(false);
    expect(forComparison(row(1))).toMatchObject({ goal: null, met: null });
  });
});
