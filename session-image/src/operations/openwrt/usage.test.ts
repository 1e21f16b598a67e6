import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { UsageSnapshot, usageBetween } from '@netpilot/control-plane/contract/operations/usage.ts';
import { fixture, HOSTILE, said } from './fixtures/fixture.ts';
import { parseNlbwmon, parsePeriods, usageOf } from './usage.ts';

const A = '02:aa:bb:cc:dd:01';
const B = '02:aa:bb:cc:dd:02';
const CLOCK = { now: '1717995000', uptime: '91300.52 1.0', boot: '8bb2f53a-8730-4a12-864d-f1c81dbc9314\n' };

test('nlbwmon is read whatever its columns; rows of one device are one', () => {
  expect(parseNlbwmon(fixture('nlbwmon'))).toEqual([
    { mac: A, downBytes: 1_049_576, upBytes: 66_036, connections: 15 },
    { mac: B, downBytes: 100, upBytes: 90, connections: 1 },
  ]);
  expect(parseNlbwmon(fixture('nlbwmon-by-mac'))).toEqual(parseNlbwmon(fixture('nlbwmon')));
  expect(parseNlbwmon('nlbw: command not found')).toBeNull();
});

test('periods are days, newest first', () => {
  expect(parsePeriods('2026-09-01\n2026-10-01\nnothing\n2026-13-01\n')).toEqual(['2026-10-01', '2026-09-01']);
});

test('our own counters name what came in after who has the address, and begin anew with each start', () => {
  const element = (val: string, bytes: number) => ({ elem: { val, counter: { packets: 1, bytes } } });
  const counters = JSON.stringify({
    nftables: [
      { set: { name: 'up', elem: [element(A, 500), element(B, 7)] } },
      { set: { name: 'down4', elem: [element('192.168.1.101', 2_000), element('192.168.1.199', 9)] } },
      { set: { name: 'down6', elem: [element('2001:db8:1::101', 30)] } },
    ],
  });
  const snapshot = usageOf(said({ ...CLOCK, counters, neighbours: fixture('24.10/neighbours') }), undefined);
  expect(UsageSnapshot.parse(snapshot)).toMatchObject({
    source: 'counters',
    period: CLOCK.boot.trim(),
    counters: [
      { mac: A, downBytes: 2_030, upBytes: 500, connections: null },
      { mac: B, downBytes: 0, upBytes: 7, connections: null },
    ],
  });
  expect(usageOf(said(CLOCK), undefined)).toMatchObject({ source: 'none', period: null, counters: [] });
});

const counter = (mac: string, downBytes: number, upBytes: number) => ({ mac, downBytes, upBytes, connections: null });
const snapshot = (period: string, ...counters: ReturnType<typeof counter>[]) => ({
  source: 'nlbwmon' as const,
  period,
  counters,
});

test('what was moved is a difference; a counter that fell and a new period began anew', () => {
  const before = snapshot('2026-10-01', counter(A, 100, 10), counter(B, 50, 50));
  const same = snapshot('2026-10-01', counter(A, 150, 10), counter(B, 20, 60));
  expect(usageBetween(before, same)).toEqual([
    { mac: A, downBytes: 50, upBytes: 0 },
    { mac: B, downBytes: 20, upBytes: 60 },
  ]);
  expect(usageBetween(before, snapshot('2026-11-01', counter(A, 150, 10)))).toEqual([
    { mac: A, downBytes: 150, upBytes: 10 },
  ]);
  expect(usageBetween(null, same)).toEqual([]);
});

test('sums of differences are what was moved, however often one looks', () => {
  const steps = fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000), fc.boolean()), { minLength: 1 });
  fc.assert(
    fc.property(steps, (moves) => {
      let [down, up, period, sum] = [0, 0, 1, 0];
      let last = snapshot('1', counter(A, 0, 0));
      for (const [received, sent, restart] of moves) {
        if (restart) [down, up, period] = [0, 0, period + 1];
        [down, up] = [down + received, up + sent];
        const next = snapshot(String(period), counter(A, down, up));
        for (const { downBytes, upBytes } of usageBetween(last, next)) sum += downBytes + upBytes;
        last = next;
      }
      expect(sum).toBe(moves.reduce((total, [received, sent]) => total + received + sent, 0));
    }),
  );
});

test('whatever a router says, the snapshot fits the contract', () => {
  const text = fc.oneof(fc.constantFrom(fixture('nlbwmon'), ...HOSTILE), fc.json(), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(text, text, text, (nlbwmon, counters, clock) => {
      UsageSnapshot.parse(usageOf(said({ nlbwmon, counters, now: clock, uptime: clock, boot: clock }), undefined));
    }),
  );
  const rows = Array.from({ length: 100_000 }, (_, index) => [
    4,
    'TCP',
    index % 65_536,
    A,
    '192.168.1.101',
    1,
    1,
    1,
    1,
    1,
    null,
  ]);
  const { columns } = JSON.parse(fixture('nlbwmon')) as { columns: string[] };
  expect(parseNlbwmon(JSON.stringify({ columns, data: rows }))).toMatchObject([{ downBytes: 100_000 }]);
});
