import { z } from 'zod';
import { ChangeOutcome, change, read } from './operation.ts';
import { Mac, RouterText } from './values.ts';

/** Bytes so far as the device sees them: `down` is what it received. They only grow within a `period`. */
export const UsageCounter = z.strictObject({
  mac: Mac,
  downBytes: z.number().int().min(0),
  upBytes: z.number().int().min(0),
  connections: z.int().min(0).nullable(),
});
export type UsageCounter = z.infer<typeof UsageCounter>;

/** A snapshot. Rates and figures of a day are differences between snapshots ({@link usageBetween}). */
export const UsageSnapshot = z.strictObject({
  /** `none`: nothing counts yet; `usage.start` begins it with what the router has. */
  source: z.enum(['nlbwmon', 'counters', 'none']),
  /** Names the run of the counters: of nlbwmon the first day of its period, of our own when they were made. */
  period: RouterText.nullable(),
  /** Seconds on the router's steady clock, for rates. */
  uptimeSeconds: z.number().min(0),
  at: z.iso.datetime(),
  counters: z.array(UsageCounter).max(4_096),
  /** Packages that would count better, e.g. over reboots. */
  installable: z.array(RouterText).max(4),
  /** Offloaded connections are not counted. */
  offloading: z.boolean(),
});
export type UsageSnapshot = z.infer<typeof UsageSnapshot>;

/** Bytes that a device moved between two snapshots. */
export interface UsageDifference {
  readonly mac: string;
  readonly downBytes: number;
  readonly upBytes: number;
}

/**
 * What was moved between two snapshots. A counter that went down, or one of another period or source, began anew: all of it counts.
 * @param earlier null: there is nothing to compare with, so nothing is known to have moved.
 */
export function usageBetween(
  earlier: Pick<UsageSnapshot, 'source' | 'period' | 'counters'> | null,
  later: Pick<UsageSnapshot, 'source' | 'period' | 'counters'>,
): UsageDifference[] {
  if (earlier === null) return [];
  const same = earlier.source === later.source && earlier.period === later.period;
  const before = new Map(same ? earlier.counters.map((counter) => [counter.mac, counter]) : []);
  return later.counters.map(({ mac, downBytes, upBytes }) => {
    const was = before.get(mac);
    const began = was === undefined || downBytes < was.downBytes || upBytes < was.upBytes;
    return began
      ? { mac, downBytes, upBytes }
      : { mac, downBytes: downBytes - was.downBytes, upBytes: upBytes - was.upBytes };
  });
}

/** A past period of nlbwmon, newest first. */
export const UsagePeriod = z.iso.date();

export const USAGE_OPERATIONS = {
  /** Counters of the running period; another one of nlbwmon's when `period` names it (its first day). */
  'usage.read': read(z.strictObject({ period: UsagePeriod.optional() }), UsageSnapshot),
  /** The first days of the periods that nlbwmon keeps. */
  'usage.periods': read(z.strictObject({}), z.strictObject({ periods: z.array(UsagePeriod).max(400) })),
  /** Begins to count with the router's own counters, where nlbwmon is not there. */
  'usage.start': change(z.strictObject({}), ChangeOutcome, 'router.operate'),
} as const;
