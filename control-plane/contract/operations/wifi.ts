import { z } from 'zod';
import { WifiBand } from './devices.ts';
import { ChangeOutcome, change, read } from './operation.ts';
import { Mac, RouterText, SectionName } from './values.ts';

/** From weakest to strongest; `other` is what we do not set (WEP, enterprise) and never replace by something weaker. */
export const WIFI_ENCRYPTIONS = ['none', 'psk', 'psk-mixed', 'psk2', 'sae-mixed', 'sae'] as const;
export const WifiEncryption = z.enum([...WIFI_ENCRYPTIONS, 'other']);
export type WifiEncryption = z.infer<typeof WifiEncryption>;

export const WifiRadio = z.strictObject({
  section: SectionName,
  band: WifiBand.nullable(),
  channel: RouterText.nullable(),
  enabled: z.boolean(),
  /** On the air, as the radio itself says. */
  up: z.boolean(),
});
export type WifiRadio = z.infer<typeof WifiRadio>;

/** A network on the air or ready to be; its key never leaves the router. */
export const WifiNetwork = z.strictObject({
  section: SectionName,
  radio: SectionName,
  interface: RouterText.nullable(),
  ssid: RouterText,
  mode: RouterText,
  encryption: WifiEncryption,
  /** As the configuration spells it, e.g. `psk2+ccmp`. */
  encryptionText: RouterText,
  hasKey: z.boolean(),
  enabled: z.boolean(),
  up: z.boolean(),
  hidden: z.boolean(),
  clients: z.array(Mac).max(1_024),
});
export type WifiNetwork = z.infer<typeof WifiNetwork>;

export const WifiState = z.strictObject({
  radios: z.array(WifiRadio).max(16),
  networks: z.array(WifiNetwork).max(64),
});
export type WifiState = z.infer<typeof WifiState>;

/** 1 to 32 bytes of UTF-8 (IEEE 802.11), without control characters. */
export const Ssid = z
  .string()
  .min(1)
  .refine((name) => new TextEncoder().encode(name).length <= 32, { message: 'must be at most 32 bytes' })
  // oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
  .refine((name) => !/[\u0000-\u001f\u007f]/u.test(name), { message: 'must not contain control characters' });

/** A passphrase of 8 to 63 printable ASCII characters, or the raw key as 64 hexadecimal digits. */
export const WifiKey = z.string().regex(/^([\x20-\x7e]{8,63}|[0-9A-Fa-f]{64})$/u, 'must be 8 to 63 characters');

export const WifiNetworkChange = z.strictObject({
  section: SectionName,
  enabled: z.boolean().optional(),
  ssid: Ssid.optional(),
  key: WifiKey.optional(),
  encryption: z.enum(WIFI_ENCRYPTIONS).optional(),
});

/** Changes of radios and networks in one go; what is not named stays. A band is changed by naming the networks of its radio. */
export const WifiChangeInput = z.strictObject({
  radios: z
    .array(z.strictObject({ section: SectionName, enabled: z.boolean() }))
    .max(16)
    .default([]),
  networks: z.array(WifiNetworkChange).max(64).default([]),
  /** Without it, an encryption weaker than the present one is refused. */
  allowWeaker: z.boolean().default(false),
});
export type WifiChangeInput = z.output<typeof WifiChangeInput>;

export const WifiChange = z.strictObject({
  ...ChangeOutcome.shape,
  ...WifiState.shape,
  /** Devices that were on the networks which changed, and had to join anew. */
  cutOff: z.array(Mac).max(1_024),
});

export const WIFI_OPERATIONS = {
  'wifi.read': read(z.strictObject({}), WifiState),
  /** Says who would be cut off; changes nothing. */
  'wifi.preview': read(
    WifiChangeInput,
    z.strictObject({ cutOff: z.array(Mac).max(1_024), warnings: ChangeOutcome.shape.warnings }),
  ),
  'wifi.change': change(WifiChangeInput, WifiChange, 'router.configure', { risk: 'high' }),
} as const;
