import { z } from 'zod';
import { Instant } from './identifiers.ts';
import { AccessPlan, AccessState } from './operations/access.ts';
import { RouterText } from './operations/values.ts';
import { WifiEncryption, WifiState } from './operations/wifi.ts';

/** What was asked of the Wi-Fi and confirmed. There is no key in it and never will be. */
export const WifiDesired = z.strictObject({
  radios: z.record(RouterText, z.strictObject({ enabled: z.boolean() })),
  networks: z.record(
    RouterText,
    z.strictObject({ enabled: z.boolean(), ssid: RouterText, encryption: WifiEncryption }),
  ),
});
export type WifiDesired = z.infer<typeof WifiDesired>;

export const POLICY_KINDS = ['access', 'wifi'] as const;
export const PolicyKind = z.enum(POLICY_KINDS);
export type PolicyKind = z.infer<typeof PolicyKind>;

/** One thing in which the router differs from what it was last asked for. */
export const Drift = z.strictObject({
  kind: PolicyKind,
  /** What it is about, in words; devices by their MAC. */
  what: z.string(),
  ours: z.string(),
  routers: z.string(),
});
export type Drift = z.infer<typeof Drift>;

/** What a router is set to, from the database: works without a session and says how old it is. */
export const RouterPolicies = z.strictObject({
  access: z.strictObject({
    desired: AccessPlan.nullable(),
    observed: AccessState.nullable(),
    observedAt: Instant.nullable(),
  }),
  wifi: z.strictObject({
    desired: WifiDesired.nullable(),
    observed: WifiState.nullable(),
    observedAt: Instant.nullable(),
  }),
  drift: z.array(Drift),
});
export type RouterPolicies = z.infer<typeof RouterPolicies>;
