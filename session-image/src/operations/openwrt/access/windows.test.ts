import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type TimeWindow, WEEKDAYS } from '@netpilot/control-plane/contract/operations/values.ts';
import { runs } from '@netpilot/control-plane/test/properties.ts';
import { isWithin, splitAtMidnight, timeMatches } from './windows.ts';

const minute = fc.nat(1_439);
const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const days = fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 });

test('a window over midnight belongs to the day on which it began', () => {
  expect(splitAtMidnight({ days: ['sun', 'fri'], from: '21:30', to: '07:00' })).toEqual([
    { days: ['fri', 'sun'], from: 77_400, to: 86_400 },
    { days: ['mon', 'sat'], from: 0, to: 25_200 },
  ]);
  expect(splitAtMidnight({ days: ['mon'], from: '21:00', to: '00:00' })).toEqual([
    { days: ['mon'], from: 75_600, to: 86_400 },
  ]);
});

test('each minute of a week is in or out as a person would say', () => {
  fc.assert(
    fc.property(days, minute, minute, fc.nat(6), minute, (chosen, from, to, today, now) => {
      const window: TimeWindow = { days: chosen, from: clock(from), to: clock(to) };
      // Minutes since each chosen day's beginning; a week is a circle.
      const length = to > from ? to - from : to - from + 1_440;
      const expected = chosen.some((day) => {
        const since = ((((today - WEEKDAYS.indexOf(day)) * 1_440 + now - from) % 10_080) + 10_080) % 10_080;
        return since < length;
      });
      expect(isWithin([window], { day: WEEKDAYS[today] ?? 'mon', seconds: now * 60 })).toBe(expected);
    }),
    { numRuns: runs(2_000) },
  );
});

test('the kernel is given ranges within one day, to the last second', () => {
  expect(timeMatches([{ days: ['mon', 'tue'], from: '21:00', to: '06:00' }])).toEqual([
    'meta day { "Monday", "Tuesday" } meta hour "21:00:00"-"23:59:59" ',
    'meta day { "Tuesday", "Wednesday" } meta hour "00:00:00"-"05:59:59" ',
  ]);
  expect(timeMatches([{ days: [...WEEKDAYS], from: '00:00', to: '00:00' }])).toEqual(['']);
  expect(timeMatches([])).toEqual(['']);
});
