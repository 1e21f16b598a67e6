import { z } from 'zod';
import { read } from './operation.ts';
import { Address, RouterText } from './values.ts';

const bytes = z.number().int().min(0);

/** A line to the Internet: an interface of the router that has, or is meant to have, a default route. */
export const WanState = z.strictObject({
  name: RouterText,
  up: z.boolean(),
  protocol: RouterText.nullable(),
  device: RouterText.nullable(),
  uptimeSeconds: z.number().min(0).nullable(),
  addresses: z.array(Address).max(16),
  gateways: z.array(Address).max(8),
  dnsServers: z.array(Address).max(8),
  /** Counters of its device since it came up, for a plot. */
  downBytes: bytes.nullable(),
  upBytes: bytes.nullable(),
});
export type WanState = z.infer<typeof WanState>;

export const RouterStatus = z.strictObject({
  hostname: RouterText.nullable(),
  model: RouterText.nullable(),
  board: RouterText.nullable(),
  /** E.g. `OpenWrt 24.10.0`. */
  release: RouterText.nullable(),
  revision: RouterText.nullable(),
  target: RouterText.nullable(),
  kernel: RouterText.nullable(),
  at: z.iso.datetime(),
  uptimeSeconds: z.number().min(0),
  /** Over 1, 5 and 15 minutes. */
  load: z.tuple([z.number().min(0), z.number().min(0), z.number().min(0)]),
  processors: z.int().min(1),
  memory: z.strictObject({ totalBytes: bytes, availableBytes: bytes }),
  storage: z.array(z.strictObject({ mount: RouterText, totalBytes: bytes, freeBytes: bytes })).max(16),
  wan: z.array(WanState).max(8),
  /** Degrees Celsius. */
  temperatures: z.array(z.strictObject({ name: RouterText, celsius: z.number().min(-60).max(250) })).max(32),
  /** What this router can do with what is installed. */
  abilities: z.strictObject({
    /** Rules can be loaded and read back, which blocks and limits need. */
    nftables: z.boolean(),
    trafficControl: z.boolean(),
    nlbwmon: z.boolean(),
    wifi: z.boolean(),
    packageManager: z.enum(['opkg', 'apk']).nullable(),
  }),
});
export type RouterStatus = z.infer<typeof RouterStatus>;

export const STATUS_OPERATIONS = {
  'status.read': read(z.strictObject({}), RouterStatus),
} as const;
