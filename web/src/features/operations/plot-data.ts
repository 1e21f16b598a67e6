import type { SpeedTest } from '@netpilot/control-plane/contract/devices.ts';
import {
  usageBetween,
  type UsageDifference,
  type UsageSnapshot,
} from '@netpilot/control-plane/contract/operations/usage.ts';
import type { UsageBucket } from '@netpilot/control-plane/contract/usage-history.ts';

/** Seconds since the epoch, strictly ascending, then download and upload at each; null is a gap in the line. */
export type PlotData = [times: number[], down: (number | null)[], up: (number | null)[]];

interface Point {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly down: number | null;
  readonly up: number | null;
}

/** A plot knows one value at one time: of several the last counts. What has no time has no place. */
function plotOf(points: readonly Point[]): PlotData {
  const byTime = new Map(points.filter(({ at }) => Number.isFinite(at)).map((point) => [point.at, point]));
  const ordered = [...byTime.values()].sort((one, other) => one.at - other.at);
  return [ordered.map(({ at }) => at), ordered.map(({ down }) => down), ordered.map(({ up }) => up)];
}

/** Bytes of each hour or day. */
export function usagePlot(buckets: readonly UsageBucket[]): PlotData {
  return plotOf(
    buckets.map(({ startsAt, downBytes, upBytes }) => ({ at: secondsOf(startsAt), down: downBytes, up: upBytes })),
  );
}

/** All that the buckets hold, and whether some of what is plotted was told apart by guess. */
export function usageTotals(buckets: readonly UsageBucket[]): { down: number; up: number; estimated: boolean } {
  const sum = { down: 0, up: 0, estimated: false };
  for (const { downBytes, upBytes, estimated } of buckets) {
    sum.down += downBytes;
    sum.up += upBytes;
    sum.estimated ||= estimated && downBytes + upBytes > 0;
  }
  return sum;
}

/** Mbit/s of each test, whatever their order; a direction that a tool does not measure is a gap. */
export function speedPlot(tests: readonly SpeedTest[]): PlotData {
  return plotOf(
    tests
      .toReversed()
      .map(({ createdAt, downMbps, upMbps }) => ({ at: secondsOf(createdAt), down: downMbps, up: upMbps })),
  );
}

/**
 * Who moves most between two snapshots, in bytes a second, by the router's steady clock.
 * @returns null when the two cannot be compared: one is missing, the router was restarted, or something else counts by now.
 */
export function busiest(earlier: UsageSnapshot | null, later: UsageSnapshot): UsageDifference[] | null {
  if (earlier === null || earlier.source !== later.source || earlier.period !== later.period) return null;
  const seconds = later.uptimeSeconds - earlier.uptimeSeconds;
  if (seconds <= 0) return null;
  return usageBetween(earlier, later)
    .filter(({ downBytes, upBytes }) => downBytes + upBytes > 0)
    .sort((one, other) => other.downBytes + other.upBytes - one.downBytes - one.upBytes)
    .slice(0, 8)
    .map(({ mac, downBytes, upBytes }) => ({ mac, downBytes: downBytes / seconds, upBytes: upBytes / seconds }));
}

/** The counters of a line to the Internet as they were read. */
export interface Reading {
  readonly at: string;
  /** Bytes since the line came up; null where the router does not count. */
  readonly downBytes: number | null;
  readonly upBytes: number | null;
}

/** Bytes a second between the readings of the last minutes. */
export interface LiveRates {
  readonly last: Reading | null;
  readonly points: readonly Point[];
}

export const NO_RATES: LiveRates = { last: null, points: [] };

/** Readings that a plot holds, and seconds that it shows at most. */
const MAX_POINTS = 90;
const SHOWN_SECONDS = 600;
/** Seconds without a reading after which the line is broken: nobody knows how the bytes were spread. */
const PAUSE_SECONDS = 20;

/**
 * The rates with one reading more. Counters that went down began again, and so does the line after a pause; a clock that was set back begins the
 * plot anew, as no time may come twice.
 */
export function withReading(before: LiveRates, reading: Reading): LiveRates {
  const { last, points } = before;
  const at = secondsOf(reading.at);
  if (!Number.isFinite(at) || (last !== null && last.at === reading.at)) return before;
  if (last === null) return { last: reading, points: [] };
  const seconds = at - secondsOf(last.at);
  if (seconds <= 0) return { last: reading, points: [] };
  const rate = (now: number | null, former: number | null) =>
    seconds > PAUSE_SECONDS || now === null || former === null || now < former ? null : (now - former) / seconds;
  const down = rate(reading.downBytes, last.downBytes);
  const up = rate(reading.upBytes, last.upBytes);
  // One of two counters that began again says that both did.
  const point = down === null || up === null ? { at, down: null, up: null } : { at, down, up };
  const recent = [...points, point].filter((each) => each.at > at - SHOWN_SECONDS);
  return { last: reading, points: recent.slice(-MAX_POINTS) };
}

/** Bytes a second of each reading but the first. */
export function ratePlot({ points }: LiveRates): PlotData {
  return plotOf(points);
}

function secondsOf(instant: string): number {
  return Date.parse(instant) / 1_000;
}
