import { z } from 'zod';
import { read } from './operation.ts';
import { Address, Mac, RouterText } from './values.ts';

export const WIFI_BANDS = ['2.4', '5', '6'] as const;
/** Gigahertz. */
export const WifiBand = z.enum(WIFI_BANDS);
export type WifiBand = z.infer<typeof WifiBand>;

/** How a device hangs on the router. */
export const Attachment = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('wired'), port: RouterText.nullable() }),
  z.strictObject({
    type: z.literal('wifi'),
    interface: RouterText,
    ssid: RouterText.nullable(),
    band: WifiBand.nullable(),
    signalDbm: z.int().min(-150).max(50).nullable(),
  }),
]);
export type Attachment = z.infer<typeof Attachment>;

/** One device of the local networks, merged from all that the router knows by its hardware address. */
export const ScannedDevice = z.strictObject({
  mac: Mac,
  /** IPv4 first, then IPv6. */
  addresses: z.array(Address).max(32),
  /** The name that it gave with its lease, or that the router's own configuration gives it. */
  hostname: RouterText.nullable(),
  /** Null when it is not there now. */
  attachment: Attachment.nullable(),
  /** There now: associated and authorised on Wi-Fi, or seen by the bridge or the neighbour table within its short life. A lease is no presence. */
  online: z.boolean(),
  /** The router's own address: never to be blocked. */
  router: z.boolean(),
  /** Made up by the device: a rule for it ends when it makes up another. */
  randomised: z.boolean(),
  leaseExpires: z.iso.datetime().nullable(),
});
export type ScannedDevice = z.infer<typeof ScannedDevice>;

/** Devices of one answer; more are left out, and `truncated` says so. */
export const MAX_DEVICES = 4_096;

export const ScanResult = z.strictObject({
  devices: z.array(ScannedDevice).max(MAX_DEVICES),
  truncated: z.boolean(),
  /** The router's clock. */
  at: z.iso.datetime(),
});
export type ScanResult = z.infer<typeof ScanResult>;

export const DEVICE_OPERATIONS = {
  /** Who is on the network. */
  'devices.scan': read(z.strictObject({}), ScanResult),
} as const;
