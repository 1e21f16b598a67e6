import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WarmDemand } from './warm-demand.ts';

describe('demand for warm sandboxes', () => {
  test('a rush is remembered for ten minutes, then the least is enough again', () => {
    const demand = new WarmDemand(2, 8);
    expect(demand.target(0)).toBe(2);
    for (const at of [1_000, 2_000, 3_000, 4_000, 5_000]) demand.took(at);
    expect(demand.target(6_000)).toBe(5);
    expect(demand.target(600_000)).toBe(5);
    expect(demand.target(606_000)).toBe(2);
  });

  test('takes far apart are no rush', () => {
    const demand = new WarmDemand(1, 8);
    for (let at = 0; at < 300_000; at += 30_000) demand.took(at);
    expect(demand.target(300_000)).toBe(1);
  });

  test('an empty pool stays empty', () => {
    const demand = new WarmDemand(0, 8);
    for (let at = 0; at < 20; at += 1) demand.took(at);
    expect(demand.target(20)).toBe(0);
  });

  test('whatever comes, the target lies between the least and the most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 5, max: 20 }),
        fc.array(fc.nat(60_000), { maxLength: 1_500 }),
        (least, most, gaps) => {
          const demand = new WarmDemand(least, most);
          let now = 0;
          for (const gap of gaps) demand.took((now += gap));
          expect(demand.target(now)).toBeGreaterThanOrEqual(least);
          expect(demand.target(now)).toBeLessThanOrEqual(most);
        },
      ),
    );
  });
});
