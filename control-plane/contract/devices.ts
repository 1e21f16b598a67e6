import { z } from 'zod';
import { DisplayName, Id, Instant } from './identifiers.ts';
import { Attachment } from './operations/devices.ts';
import { Address, Mac, RouterText } from './operations/values.ts';

/** What a device is, as a person says it; each has a picture of the same name. */
export const DEVICE_KINDS = [
  'phone',
  'tablet',
  'laptop',
  'computer',
  'tv',
  'speaker',
  'console',
  'watch',
  'camera',
  'printer',
  'appliance',
  'light',
  'server',
  'router',
  'other',
] as const;
export const DeviceKind = z.enum(DEVICE_KINDS);
export type DeviceKind = z.infer<typeof DeviceKind>;

/** A device of a router as it is kept: what scans saw, and what people gave it, which no scan touches. */
export const Device = z.strictObject({
  mac: Mac,
  name: z.string().nullable(),
  kind: DeviceKind.nullable(),
  /** The picture, where it is another than the kind's. */
  icon: DeviceKind.nullable(),
  hostname: RouterText.nullable(),
  /** Who made it, by the registered block of its MAC; null for a randomised one. */
  vendor: z.string().nullable(),
  randomised: z.boolean(),
  addresses: z.array(Address),
  /** How it hung on the router when it was last there. */
  attachment: Attachment.nullable(),
  /** At the last scan. */
  online: z.boolean(),
  /** Null for one that was never seen: imported, or known from a lease only. */
  firstSeenAt: Instant.nullable(),
  lastSeenAt: Instant.nullable(),
});
export type Device = z.infer<typeof Device>;

/** Devices kept for one router; of more, the unnamed that were away longest are forgotten. */
export const MAX_KEPT_DEVICES = 4_096;
export const DeviceList = z.strictObject({ items: z.array(Device).max(MAX_KEPT_DEVICES) });
export type DeviceList = z.infer<typeof DeviceList>;

/** What a person says of a device; null takes it back. */
export const DeviceChange = z.strictObject({
  name: DisplayName.nullable().optional(),
  kind: DeviceKind.nullable().optional(),
  icon: DeviceKind.nullable().optional(),
});
export type DeviceChange = z.infer<typeof DeviceChange>;

export const SpeedTest = z.strictObject({
  id: Id,
  tool: z.string(),
  server: z.string().nullable(),
  /** Null in a direction that the tool does not measure. */
  downMbps: z.number().nullable(),
  upMbps: z.number().nullable(),
  pingMs: z.number().nullable(),
  jitterMs: z.number().nullable(),
  userName: z.string(),
  createdAt: Instant,
});
export type SpeedTest = z.infer<typeof SpeedTest>;
