import { expect, test } from '@jest/globals';
import type { SpeedTest } from '@netpilot/control-plane/contract/devices.ts';
import type { UsageSnapshot } from '@netpilot/control-plane/contract/operations/usage.ts';
import * as fc from 'fast-check';
import {
  busiest,
  NO_RATES,
  type PlotData,
  ratePlot,
  type Reading,
  speedPlot,
  usagePlot,
  usageTotals,
  withReading,
} from './plot-data.ts';

const BEGIN = Date.parse('2026-05-01T00:00:00Z') / 1_000;
const instant = (seconds: number) => new Date((BEGIN + seconds) * 1_000).toISOString();
const MAC = 'aa:bb:cc:dd:ee:01';

const bucket = (hour: number, downBytes: number, upBytes: number, estimated = false) => ({
  startsAt: instant(hour * 3_600),
  downBytes,
  upBytes,
  estimated,
});

const speedTest = (seconds: number, downMbps: number | null, upMbps: number | null): SpeedTest => ({
  id: '00000000-0000-4000-8000-000000000000',
  tool: 'wget',
  server: null,
  downMbps,
  upMbps,
  pingMs: null,
  jitterMs: null,
  userName: 'Alice',
  createdAt: instant(seconds),
});

const reading = (seconds: number, downBytes: number | null, upBytes: number | null): Reading => ({
  at: instant(seconds),
  downBytes,
  upBytes,
});
const rates = (...readings: Reading[]) => readings.reduce(withReading, NO_RATES);

const snapshot = (uptimeSeconds: number, down: number, rest: Partial<UsageSnapshot> = {}): UsageSnapshot => ({
  source: 'counters',
  period: 'boot-1',
  uptimeSeconds,
  at: instant(uptimeSeconds),
  counters: [{ mac: MAC, downBytes: down, upBytes: 0, connections: null }],
  installable: [],
  offloading: false,
  ...rest,
});

test('usage: a bar for each hour, and hours in which nothing moved keep their place', () => {
  const buckets = [bucket(0, 500, 50), bucket(1, 0, 0), bucket(2, 700, 70)];
  expect(usagePlot(buckets)).toEqual([
    [BEGIN, BEGIN + 3_600, BEGIN + 7_200],
    [500, 0, 700],
    [50, 0, 70],
  ]);
  expect(usageTotals(buckets)).toEqual({ down: 1_200, up: 120, estimated: false });
  expect(usagePlot([])).toEqual([[], [], []]);
  expect(usageTotals([])).toEqual({ down: 0, up: 0, estimated: false });
});

test('usage: what is estimated is said only where it adds something', () => {
  expect(usageTotals([bucket(0, 1, 0), bucket(1, 0, 0, true)]).estimated).toBe(false);
  expect(usageTotals([bucket(0, 1, 0), bucket(1, 0, 3, true)]).estimated).toBe(true);
});

test('speed: oldest first, one test is a point, and a direction that was not measured is a gap', () => {
  expect(speedPlot([speedTest(0, 90, null)])).toEqual([[BEGIN], [90], [null]]);
  expect(speedPlot([speedTest(60, 95.5, 40), speedTest(30, null, 20), speedTest(0, 90, null)])).toEqual([
    [BEGIN, BEGIN + 30, BEGIN + 60],
    [90, null, 95.5],
    [null, 20, 40],
  ]);
});

test('speed: of two tests at one time the newer counts', () => {
  expect(speedPlot([speedTest(0, 2, 2), speedTest(0, 1, 1)])).toEqual([[BEGIN], [2], [2]]);
});

test('rates: bytes a second between two readings, and none after the first', () => {
  expect(ratePlot(rates(reading(0, 1_000, 100)))).toEqual([[], [], []]);
  expect(ratePlot(rates(reading(0, 1_000, 100), reading(4, 5_000, 500), reading(8, 5_000, 900)))).toEqual([
    [BEGIN + 4, BEGIN + 8],
    [1_000, 0],
    [100, 100],
  ]);
});

test('rates: the same reading again adds nothing', () => {
  const once = rates(reading(0, 0, 0), reading(4, 40, 4));
  expect(withReading(once, reading(4, 40, 4))).toBe(once);
});

test.each([
  ['counters that began again', [reading(4, 10, 900)]],
  ['a line that is not counted', [reading(4, null, null)]],
  ['nobody having looked', [reading(300, 9_000, 900)]],
])('rates: %s break the line, and it goes on from there', (_, [next]) => {
  const before = rates(reading(0, 1_000, 100), next as Reading);
  expect(ratePlot(before)).toEqual([[expect.any(Number)], [null], [null]]);
  const at = ratePlot(before)[0][0] ?? 0;
  const last = next as Reading;
  const after = withReading(before, reading(at - BEGIN + 4, (last.downBytes ?? 0) + 400, (last.upBytes ?? 0) + 40));
  expect(ratePlot(after)[1].at(-1)).toBe(last.downBytes === null ? null : 100);
});

test('rates: a clock that is set moves neither the scale nor the order', () => {
  const forward = rates(
    reading(-1_700_000_000, 0, 0),
    reading(-1_699_999_996, 4, 4),
    reading(0, 8, 8),
    reading(4, 12, 8),
  );
  expect(ratePlot(forward)).toEqual([
    [BEGIN, BEGIN + 4],
    [null, 1],
    [null, 0],
  ]);
  const back = rates(reading(100, 0, 0), reading(104, 4, 4), reading(50, 8, 8), reading(54, 12, 8));
  expect(ratePlot(back)).toEqual([[BEGIN + 54], [1], [0]]);
});

test('rates: a page that is open all day holds the last minutes', () => {
  let live = NO_RATES;
  for (let second = 0; second < 4_000; second += 4) live = withReading(live, reading(second, second * 10, second));
  const [times, down] = ratePlot(live);
  expect(times).toHaveLength(90);
  expect(times.at(-1)).toBe(BEGIN + 3_996);
  expect(new Set(down)).toEqual(new Set([10]));
});

test('who moves most: by rate, the idle left out', () => {
  const counter = (mac: string, downBytes: number) => ({ mac, downBytes, upBytes: 0, connections: null });
  const [idle, other] = ['aa:bb:cc:dd:ee:02', 'aa:bb:cc:dd:ee:03'];
  const earlier = snapshot(10, 0, { counters: [counter(MAC, 100), counter(idle, 7), counter(other, 0)] });
  const later = snapshot(15, 0, { counters: [counter(MAC, 200), counter(idle, 7), counter(other, 500)] });
  expect(busiest(earlier, later)).toEqual([
    { mac: other, downBytes: 100, upBytes: 0 },
    { mac: MAC, downBytes: 20, upBytes: 0 },
  ]);
  expect(busiest(snapshot(10, 5), snapshot(15, 5))).toEqual([]);
});

test('who moves most: snapshots that cannot be compared say nothing, not everything', () => {
  expect(busiest(null, snapshot(15, 9_000))).toBeNull();
  expect(busiest(snapshot(15, 9_000), snapshot(15, 9_000))).toBeNull();
  expect(busiest(snapshot(90_000, 9_000), snapshot(15, 10))).toBeNull();
  const installed = snapshot(15, 9_000, { source: 'nlbwmon', period: '2026-05-01' });
  expect(busiest(snapshot(10, 1), installed)).toBeNull();
  expect(busiest(snapshot(10, 1, { period: 'boot-0' }), snapshot(15, 9_000))).toBeNull();
});

function expectPlottable([times, down, up]: PlotData): void {
  expect([down.length, up.length]).toEqual([times.length, times.length]);
  for (let at = 1; at < times.length; at++) expect(times[at]).toBeGreaterThan(times[at - 1] ?? Number.NaN);
  for (const value of [...down, ...up]) {
    expect(value === null || (Number.isFinite(value) && value >= 0)).toBe(true);
  }
}

test('whatever is read, times strictly ascend and each has its values', () => {
  const seconds = fc.oneof(
    fc.integer({ min: -100, max: 100 }),
    fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
  );
  const bytes = fc.integer({ min: 0, max: 2 ** 53 - 1 });
  const maybe = fc.option(bytes);
  const buckets = fc.array(fc.tuple(seconds, bytes, bytes).map(([at, down, up]) => bucket(at, down, up)));
  const tests = fc.array(fc.tuple(seconds, maybe, maybe).map(([at, down, up]) => speedTest(at, down, up)));
  const readings = fc.array(fc.tuple(seconds, maybe, maybe).map(([at, down, up]) => reading(at, down, up)));
  fc.assert(
    fc.property(buckets, tests, readings, (some, measured, read) => {
      expectPlottable(usagePlot(some));
      expectPlottable(speedPlot(measured));
      expectPlottable(ratePlot(rates(...read)));
    }),
  );
});
