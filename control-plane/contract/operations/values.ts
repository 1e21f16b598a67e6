import { z } from 'zod';

/** A unicast hardware address in lower case with colons; upper case and hyphens are taken and normalised. */
export const Mac = z
  .string()
  .max(17)
  // Not a transformation: answers that hold it are written with the same schema.
  .overwrite((text) => text.toLowerCase().replaceAll('-', ':'))
  .refine((text) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/u.test(text), { message: 'must be a hardware address' })
  .refine((text) => !isGroupAddress(text) && text !== '00:00:00:00:00:00', {
    message: 'must be the address of one device',
  });
export type Mac = z.output<typeof Mac>;

function isGroupAddress(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

/** True for an address that was made up by its device (locally administered, IEEE 802): it may change from network to network. */
export function isRandomised(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 2) === 2;
}

/** An IPv4 or IPv6 address as text. */
export const Address = z.union([z.ipv4(), z.ipv6()]);

/** A name that a router or one of its clients gave: on one line, printable, shortened. */
export const RouterText = z.string().max(255);

/** A rate in megabits (10^6 bits) per second; 10 kbit/s to 10 Gbit/s. */
export const Mbps = z.number().min(0.01).max(10_000);

/** Rates of both directions as the device sees them; null leaves a direction alone. */
export const Rates = z.strictObject({ downMbps: Mbps.nullable(), upMbps: Mbps.nullable() });
export type Rates = z.infer<typeof Rates>;

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const Weekday = z.enum(WEEKDAYS);
export type Weekday = z.infer<typeof Weekday>;

/** Time of day on the router's clock, `HH:MM`; 24:00 is no time: a window over midnight ends on the next day. */
export const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/u, 'must be a time from 00:00 to 23:59');

/**
 * When something holds: from `from` to `to` on each of `days`. A window whose end is not after its begin goes on over midnight and belongs to
 * the day on which it began; equal times are the whole 24 hours from then.
 */
export const TimeWindow = z.strictObject({
  days: z.array(Weekday).min(1).max(7),
  from: TimeOfDay,
  to: TimeOfDay,
});
export type TimeWindow = z.infer<typeof TimeWindow>;

/** No window means always. */
export const TimeWindows = z.array(TimeWindow).max(16);

/** Name of a section of uci that a person may name; never an anonymous one, whose number moves. */
export const SectionName = z.string().regex(/^[A-Za-z0-9_]{1,64}$/u);
