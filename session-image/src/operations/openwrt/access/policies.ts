import { type AccessPlan, GUEST_GROUP } from '@netpilot/control-plane/contract/operations/access.ts';
import type { Rates, TimeWindow } from '@netpilot/control-plane/contract/operations/values.ts';

/** A bucket that all who are led into it share. `index` is its class of HTB, 1 to 255. */
export interface Limiter {
  readonly index: number;
  readonly name: string;
  readonly rates: Rates;
}

/** What holds within its windows: the first rule that limits is the one that does, every rule that blocks blocks. */
export type PolicyRule =
  | { readonly type: 'block'; readonly windows: readonly TimeWindow[] }
  | { readonly type: 'limit'; readonly windows: readonly TimeWindow[]; readonly limiter: Limiter };

/** Devices with the same rules. `index` 1 to 254 is what connections are marked with. */
export interface PolicyClass {
  readonly index: number;
  readonly rules: readonly PolicyRule[];
}

/** A plan as the kernel is told it. */
export interface CompiledPlan {
  readonly limiters: readonly Limiter[];
  readonly classes: readonly PolicyClass[];
  /** Devices whose rules are not those of the rest; null for one that has none. */
  readonly devices: ReadonlyMap<string, PolicyClass | null>;
  /** The class of every other device; null when nothing holds for them. */
  readonly rest: PolicyClass | null;
  /** Whether anything is blocked or limited at all, now or at some time. */
  readonly active: boolean;
}

/** Leads each device to its class; the one engine behind blocks, groups and modes. */
export function compilePlan(plan: AccessPlan): CompiledPlan {
  const limiters: Limiter[] = [];
  const limiter = (name: string, rates: Rates): Limiter | null => {
    if (rates.downMbps === null && rates.upMbps === null) return null;
    const made = { index: limiters.length + 1, name, rates };
    limiters.push(made);
    return made;
  };
  const limitRule = (bucket: Limiter | null, windows: readonly TimeWindow[]): PolicyRule[] =>
    bucket === null ? [] : [{ type: 'limit', windows, limiter: bucket }];

  const groupRules = new Map<number, PolicyRule[]>();
  for (const { id, name, policy } of plan.groups) {
    const blocks: PolicyRule[] = policy.block ? [{ type: 'block', windows: policy.windows }] : [];
    const bucket = policy.limit === null ? null : limiter(`group ${id}: ${name}`, policy.limit);
    groupRules.set(id, [...blocks, ...limitRule(bucket, policy.windows)]);
  }
  const mode = plan.activeMode === null ? null : plan[plan.activeMode];
  const limited = mode === null ? [] : limitRule(limiter(`${plan.activeMode}: limited`, mode.limited), []);
  const full = mode === null ? [] : limitRule(limiter(`${plan.activeMode}: full`, mode.full), []);
  const listed = plan.activeMode === 'whitelist' ? full : limited;
  const unlisted = plan.activeMode === 'whitelist' ? limited : full;

  const blocks = new Map(plan.blocks.map((block) => [block.mac, block]));
  const groupOf = new Map(plan.groups.flatMap((group) => group.members.map((mac) => [mac, group.id] as const)));
  const onList = new Set(mode?.devices ?? []);
  const classes = new Map<string, PolicyClass>();
  const classOf = (rules: readonly PolicyRule[]): PolicyClass | null => {
    if (rules.length === 0) return null;
    const key = JSON.stringify(rules);
    const known = classes.get(key) ?? { index: classes.size + 1, rules };
    classes.set(key, known);
    return known;
  };

  const strangers = plan.known === null ? [] : (groupRules.get(GUEST_GROUP) ?? []);
  const rest = classOf([...strangers, ...unlisted]);
  const devices = new Map<string, PolicyClass | null>();
  for (const mac of new Set([...blocks.keys(), ...groupOf.keys(), ...onList, ...(plan.known ?? [])])) {
    const block = blocks.get(mac);
    const group = groupOf.get(mac);
    const own = classOf([
      ...(block ? [{ type: 'block', windows: block.windows } as const] : []),
      ...(group === undefined ? [] : (groupRules.get(group) ?? [])),
      ...(onList.has(mac) ? listed : unlisted),
    ]);
    if (own !== rest) devices.set(mac, own);
  }
  return { limiters, classes: [...classes.values()], devices, rest, active: classes.size > 0 };
}
