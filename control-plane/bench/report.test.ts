import { describe, expect, test } from '@jest/globals';
import { addsAtMost, atMost } from './measure.ts';
import { tableOf } from './report.ts';
import { single, summarise } from './statistics.ts';

test('a table with both lines of a measure, its goal and its verdict', () => {
  const ours = summarise([1.234, 12.34, 123.4]);
  const table = tableOf([
    addsAtMost({ name: 'echo', unit: 'ms', ours }, summarise([1, 2, 3]), { median: 1 }, 'OpenSSH'),
    atMost({ name: 'memory', unit: 'MB', ours: single(20) }, 32, 'median'),
  ]);
  const cells = table.split('\n').map((line) => line.split(/ {2,}/u));
  expect(cells[2]).toEqual(['echo', 'ms', 'ours', '12.3', '123', '123', '3', 'median OpenSSH + 1 ms', 'NO']);
  expect(cells[3]?.slice(-5)).toEqual(['reference', '2.00', '3.00', '3.00', '3']);
  expect(cells[4]?.slice(-5)).toEqual(['ours', '20.0', '1', 'median at most 32 MB', 'yes']);
});

describe('figures', () => {
  test('do not move the columns', () => {
    const lines = tableOf([atMost({ name: 'a', unit: 'ms', ours: summarise([1, 1000]) }, 1, 'p95')]).split('\n');
    expect(lines[0]?.indexOf('goal')).toBe(lines[2]?.indexOf('p95 at most'));
  });
});
