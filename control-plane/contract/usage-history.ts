import { z } from 'zod';
import { Instant } from './identifiers.ts';
import { Mac } from './operations/values.ts';

export const USAGE_PERIODS = ['day', 'week', 'month'] as const;
/** `day`: 24 hours by hour; `week`: 7 days, `month`: 30 days, by day. Each ends with the running hour or day. */
export const UsagePeriodName = z.enum(USAGE_PERIODS);
export type UsagePeriodName = z.infer<typeof UsagePeriodName>;

/** An IANA time zone, in which a day begins at midnight. */
export const TimeZone = z.string().regex(/^[A-Za-z0-9_+/-]{1,64}$/u);

export const UsageQuery = z.strictObject({
  period: UsagePeriodName,
  timeZone: TimeZone.default('UTC'),
  /** One device; all together when left out. */
  mac: Mac.optional(),
});

/** Bytes; `down` is what devices received. */
export const UsageBucket = z.strictObject({
  startsAt: Instant,
  downBytes: z.number().min(0),
  upBytes: z.number().min(0),
  /** The counters were not read often enough to tell its share: it is an even part of a longer time. */
  estimated: z.boolean(),
});
export type UsageBucket = z.infer<typeof UsageBucket>;

export const UsageHistory = z.strictObject({
  period: UsagePeriodName,
  from: Instant,
  to: Instant,
  buckets: z.array(UsageBucket),
  /** Most first. */
  devices: z.array(
    z.strictObject({ mac: Mac, name: z.string().nullable(), downBytes: z.number(), upBytes: z.number() }),
  ),
  /** When the counters were read last. */
  readAt: Instant.nullable(),
});
export type UsageHistory = z.infer<typeof UsageHistory>;
