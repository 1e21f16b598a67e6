import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type CastEvent, parseCast, withoutIdle } from './cast.ts';

const HEADER = '{"version":2,"width":80,"height":24}';

describe('reading a recording', () => {
  test('takes the events in order, with time that never runs back', () => {
    const text = `${HEADER}\n[1.5,"o","one"]\n[1.0,"r","100x30"]\n[2,"m","took over"]\n`;
    expect(parseCast(text)).toEqual({
      cols: 80,
      rows: 24,
      events: [
        [1.5, 'o', 'one'],
        [1.5, 'r', '100x30'],
        [2, 'm', 'took over'],
      ],
      duration: 2,
    });
  });

  test.each(['', '{}', 'null', '[1,"o","x"]', '{"version":2,"width":100000,"height":24}', '<script>'])(
    'refuses what is none: %p',
    (text) => {
      expect(() => parseCast(text)).toThrow('no recording');
    },
  );

  test('leaves out what is cut or not an event, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (lines) => {
        const good = '[1,"o","good"]';
        const text = [HEADER, ...lines.map((line) => line.replaceAll('\n', ' ')), good, '[2,"o","cu'].join('\n');
        expect(parseCast(text).events.at(-1)?.[2]).toBe('good');
      }),
    );
  });
});

describe('taking idle time out', () => {
  const events = fc
    .array(fc.nat(10_000), { maxLength: 30 })
    .map((gaps) =>
      gaps.reduce<CastEvent[]>((all, gap) => [...all, [(all.at(-1)?.[0] ?? 0) + gap / 100, 'o', 'x']], []),
    );

  test('no pause is longer than the limit, and shorter ones stay as they are', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 10 }), (all, limit) => {
        const shortened = withoutIdle({ events: all }, limit).events;
        for (const [index, [seconds]] of shortened.entries()) {
          const gap = seconds - (shortened[index - 1]?.[0] ?? 0);
          const was = (all[index]?.[0] ?? 0) - (all[index - 1]?.[0] ?? 0);
          expect(gap).toBeCloseTo(Math.min(limit, was), 6);
        }
      }),
    );
  });

  test('an event stands at the same place on both clocks', () => {
    fc.assert(
      fc.property(events, fc.option(fc.integer({ min: 1, max: 10 })), (all, limit) => {
        const playable = withoutIdle({ events: all }, limit);
        for (const [index, [recorded]] of all.entries()) {
          const played = playable.events[index]?.[0] ?? 0;
          expect(playable.played(recorded)).toBeCloseTo(played, 6);
          expect(playable.recorded(playable.played(recorded))).toBeCloseTo(recorded, 6);
        }
      }),
    );
  });

  test('a time within a pause that was shortened stays between its events', () => {
    const { played } = withoutIdle(
      {
        events: [
          [0, 'o', 'a'],
          [100, 'o', 'b'],
        ],
      },
      2,
    );
    expect([played(1), played(50), played(100), played(101)]).toEqual([1, 2, 2, 3]);
  });
});
