import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FIRST_WAIT, LONGEST_WAIT, reconnectWait } from './back-off.ts';

describe('the wait before reconnecting', () => {
  it('doubles from a quarter of a second to five seconds', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((attempt) => reconnectWait(attempt, 0))).toEqual([
      250, 500, 1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
  });

  it('stays within its bounds', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
        const wait = reconnectWait(attempt, random);
        expect(wait).toBeGreaterThanOrEqual(FIRST_WAIT);
        expect(wait).toBeLessThanOrEqual(LONGEST_WAIT);
      }),
    );
  });
});
