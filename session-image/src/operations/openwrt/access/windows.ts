import { type TimeWindow, WEEKDAYS, type Weekday } from '@netpilot/control-plane/contract/operations/values.ts';

/** A window that lies within one day: from second `from` to the second before `to`, of 0 to 86400. */
export interface DayWindow {
  readonly days: readonly Weekday[];
  readonly from: number;
  readonly to: number;
}

const DAY = 86_400;
const NFT_DAYS: Readonly<Record<Weekday, string>> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};

/**
 * Cuts a window at midnight: the kernel counts what comes after under the next day's name.
 */
export function splitAtMidnight({ days, from, to }: TimeWindow): DayWindow[] {
  const begin = secondsOf(from);
  const end = secondsOf(to);
  const chosen = WEEKDAYS.filter((day) => days.includes(day));
  if (begin < end) return [{ days: chosen, from: begin, to: end }];
  const evening = { days: chosen, from: begin, to: DAY };
  if (end === 0) return [evening];
  const next = WEEKDAYS.filter((_day, index) => days.some((day) => (WEEKDAYS.indexOf(day) + 1) % 7 === index));
  return [evening, { days: next, from: 0, to: end }];
}

/** @returns matches of nft, one for each part of the windows; a single empty one for always. */
export function timeMatches(windows: readonly TimeWindow[]): string[] {
  if (windows.length === 0) return [''];
  return windows.flatMap(splitAtMidnight).map(({ days, from, to }) => {
    const names = days.map((day) => `"${NFT_DAYS[day]}"`);
    const day = days.length === 7 ? '' : `meta day { ${names.join(', ')} } `;
    return from === 0 && to === DAY ? day : `${day}meta hour "${clock(from)}"-"${clock(to - 1)}" `;
  });
}

/** True when a moment, on the router's own clock, is in one of the windows; no window is always. */
export function isWithin(windows: readonly TimeWindow[], moment: { day: Weekday; seconds: number }): boolean {
  if (windows.length === 0) return true;
  return windows
    .flatMap(splitAtMidnight)
    .some(({ days, from, to }) => days.includes(moment.day) && moment.seconds >= from && moment.seconds < to);
}

function secondsOf(time: string): number {
  return Number(time.slice(0, 2)) * 3_600 + Number(time.slice(3)) * 60;
}

function clock(seconds: number): string {
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
