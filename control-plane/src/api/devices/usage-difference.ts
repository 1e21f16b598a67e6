import { type UsageDifference, type UsageSnapshot, usageBetween } from '../../../contract/operations/usage.ts';

/** Counters with the time at which they were read, in milliseconds since the epoch. */
export interface TimedSnapshot extends Pick<UsageSnapshot, 'source' | 'period' | 'counters'> {
  readonly at: number;
}

/** What devices moved from `startsAt` to `endsAt`, in milliseconds since the epoch. */
export interface MeasuredUsage {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly devices: readonly UsageDifference[];
}

/**
 * What was moved since the snapshot before, so that cumulative counters are never added up.
 * @param earlier the last snapshot of the same source; null when there is none.
 * @param countedBefore whether another source has counted here: then the first snapshot of this one is only where it begins.
 * @returns null when nothing is known to have moved: nobody knows since when the first snapshot counts, or the clock went back.
 */
export function measureUsage(
  earlier: TimedSnapshot | null,
  later: TimedSnapshot,
  countedBefore: boolean,
): MeasuredUsage | null {
  const began = periodStart(later.period);
  if (earlier === null) {
    return began === null || countedBefore ? null : measured(began, later, usageBetween(NOTHING, later));
  }
  const startsAt = earlier.period === later.period ? earlier.at : Math.max(earlier.at, began ?? earlier.at);
  return measured(startsAt, later, usageBetween(earlier, later));
}

/** @returns when a period began, in milliseconds since the epoch; null for a name that is no date. */
export function periodStart(period: string | null): number | null {
  // Else JavaScript finds dates in the strangest names.
  return period !== null && DATE.test(period) && !Number.isNaN(Date.parse(period)) ? Date.parse(period) : null;
}

const DATE = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/u;
const NOTHING = { source: 'none', period: null, counters: [] } as const satisfies Omit<TimedSnapshot, 'at'>;

function measured(startsAt: number, later: TimedSnapshot, moved: readonly UsageDifference[]): MeasuredUsage | null {
  const devices = moved.filter(({ downBytes, upBytes }) => downBytes + upBytes > 0);
  return startsAt < later.at && devices.length > 0 ? { startsAt, endsAt: later.at, devices } : null;
}
