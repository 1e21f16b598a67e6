import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { median, percentile, single, summarise } from './statistics.ts';

const samples = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 200 });

describe('statistics', () => {
  test('known series', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarise(hundred)).toEqual({ median: 50.5, p95: 95, p99: 99, n: 100 });
    expect(summarise([3, 1, 2])).toEqual({ median: 2, p95: 3, p99: 3, n: 3 });
    expect(single(7)).toEqual({ median: 7, p95: 7, p99: 7, n: 1 });
    expect(percentile([10, 2, 33], 1 / 3)).toBe(2);
  });

  test('numbers are sorted as numbers and the series stays as it was', () => {
    const series = [10, 9, 100, 1];
    expect(median(series)).toBe(9.5);
    expect(series).toEqual([10, 9, 100, 1]);
  });

  test('the middle of two lies between them at both ends of what a number can be', () => {
    expect(median([Number.MAX_VALUE, Number.MAX_VALUE])).toBe(Number.MAX_VALUE);
    expect(median([Number.MIN_VALUE, Number.MIN_VALUE])).toBe(Number.MIN_VALUE);
    expect(median([-Number.MAX_VALUE, Number.MAX_VALUE])).toBe(0);
  });

  test('percentiles are samples, in order', () => {
    fc.assert(
      fc.property(samples, (series) => {
        const { median: middle, p95, p99, n } = summarise(series);
        expect(series).toContain(p95);
        expect(series).toContain(p99);
        expect(n).toBe(series.length);
        expect(p95).toBeLessThanOrEqual(p99);
        expect(middle).toBeLessThanOrEqual(Math.max(...series));
        expect(middle).toBeGreaterThanOrEqual(Math.min(...series));
        expect(series.filter((sample) => sample <= p95).length / n).toBeGreaterThanOrEqual(0.95);
      }),
    );
  });

  test.each([
    ['no samples', [], 0.5],
    ['a share of nothing', [1], 0],
    ['more than all', [1], 1.01],
    ['a sample that is no number', [1, Number.NaN], 0.5],
    ['an endless sample', [1, Number.POSITIVE_INFINITY], 0.5],
  ])('refuses %s', (_name, series, share) => {
    expect(() => percentile(series, share)).toThrow(RangeError);
  });
});
