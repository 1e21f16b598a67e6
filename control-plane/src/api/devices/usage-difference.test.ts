import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { measureUsage, type TimedSnapshot } from './usage-difference.ts';

const MAC = 'aa:bb:cc:dd:ee:01';
const MAY = '2026-05-01';
const JUNE = '2026-06-01';
const JUNE_STARTS = Date.parse(JUNE);
const snapshot = (at: number, down: number, up: number, period: string | null = MAY): TimedSnapshot => ({
  source: 'nlbwmon',
  period,
  at,
  counters: [{ mac: MAC, downBytes: down, upBytes: up, connections: null }],
});
const bytes = (down: number, up: number) => [{ mac: MAC, downBytes: down, upBytes: up }];

describe('differences of cumulative counters', () => {
  test('the first snapshot counts since its period began, and not at all when that is unknown', () => {
    const at = Date.parse(MAY) + 1_000;
    expect(measureUsage(null, snapshot(at, 5, 6), false)).toEqual({
      startsAt: Date.parse(MAY),
      endsAt: at,
      devices: bytes(5, 6),
    });
    expect(measureUsage(null, snapshot(at, 5, 6, 'run 7'), false)).toBeNull();
    expect(measureUsage(null, snapshot(at, 5, 6, null), false)).toBeNull();
  });

  test('what another source counted already is not counted by a new one', () =>
    expect(measureUsage(null, snapshot(Date.parse(MAY) + 1_000, 5, 6), true)).toBeNull());

  test('a new period counts from its start, also when it has more already than the old one had', () => {
    const before = snapshot(JUNE_STARTS - 5_000, 900, 900);
    for (const down of [7, 1_000]) {
      expect(measureUsage(before, snapshot(JUNE_STARTS + 9, down, 8, JUNE), false)).toEqual({
        startsAt: JUNE_STARTS,
        endsAt: JUNE_STARTS + 9,
        devices: bytes(down, 8),
      });
    }
  });

  test('a counter that went down began again, since the snapshot before', () =>
    expect(measureUsage(snapshot(50, 900, 900), snapshot(200, 10, 950), false)).toEqual({
      startsAt: 50,
      endsAt: 200,
      devices: bytes(10, 950),
    }));

  test('a device that is new in a known period counts since the snapshot before', () =>
    expect(measureUsage({ ...snapshot(50, 0, 0), counters: [] }, snapshot(200, 3, 4), false)).toMatchObject({
      startsAt: 50,
      devices: bytes(3, 4),
    }));

  test('a clock that went back tells nothing', () =>
    expect(measureUsage(snapshot(500, 1, 1), snapshot(400, 2, 2), false)).toBeNull());

  test('however often it is read, the sum is what was moved', () => {
    const steps = fc.array(fc.record({ down: fc.nat(1_000_000), up: fc.nat(1_000_000), restarts: fc.boolean() }));
    fc.assert(
      fc.property(steps, (moved) => {
        let earlier = snapshot(0, 0, 0);
        let [down, up, sum, truth] = [0, 0, 0, 0];
        for (const [at, step] of moved.entries()) {
          // After a restart a counter that caught up cannot be told from one that went on.
          const restarts = step.restarts && step.down < down && step.up < up;
          down = (restarts ? 0 : down) + step.down;
          up = (restarts ? 0 : up) + step.up;
          truth += step.down + step.up;
          const now = snapshot((at + 1) * 60_000, down, up);
          const found = measureUsage(earlier, now, false);
          for (const device of found?.devices ?? []) sum += device.downBytes + device.upBytes;
          if (found !== null) expect([found.startsAt, found.endsAt]).toEqual([earlier.at, now.at]);
          earlier = now;
        }
        expect(sum).toBe(truth);
      }),
    );
  });
});
