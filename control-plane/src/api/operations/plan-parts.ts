import { type AccessPlan, EMPTY_PLAN, GUEST_GROUP, type Group, MODES } from '../../../contract/operations/access.ts';
import type { TimeWindows } from '../../../contract/operations/values.ts';
import type { z } from 'zod';

/** A plan taken apart: one entry for each thing that can be set by itself, so that plans can be compared and merged thing by thing. */
export type PlanParts = ReadonlyMap<string, PlanPart>;

export type PlanPart =
  | { readonly is: 'block'; readonly mac: string; readonly windows: z.output<typeof TimeWindows> }
  | { readonly is: 'mode'; readonly mode: AccessPlan['activeMode'] }
  | { readonly is: 'listed'; readonly mode: (typeof MODES)[number]; readonly mac: string }
  | {
      readonly is: 'rates';
      readonly mode: (typeof MODES)[number];
      readonly rates: Pick<AccessPlan['whitelist'], 'limited' | 'full'>;
    }
  | { readonly is: 'group'; readonly group: Omit<Group, 'members'> }
  | { readonly is: 'member'; readonly mac: string; readonly group: number }
  | { readonly is: 'known'; readonly macs: AccessPlan['known'] };

/** @returns the parts of a plan by their keys; a device is a member of one group only, so its key has no group. */
export function partsOf(plan: AccessPlan): PlanParts {
  const parts = new Map<string, PlanPart>([
    ['mode', { is: 'mode', mode: plan.activeMode }],
    ['known', { is: 'known', macs: plan.known?.toSorted() ?? null }],
  ]);
  for (const { mac, windows } of plan.blocks) parts.set(`block ${mac}`, { is: 'block', mac, windows });
  for (const mode of MODES) {
    const { devices, ...rates } = plan[mode];
    parts.set(`rates ${mode}`, { is: 'rates', mode, rates });
    for (const mac of devices) parts.set(`listed ${mode} ${mac}`, { is: 'listed', mode, mac });
  }
  for (const { members, ...group } of plan.groups) {
    parts.set(`group ${group.id}`, { is: 'group', group });
    for (const mac of members) parts.set(`member ${mac}`, { is: 'member', mac, group: group.id });
  }
  return parts;
}

/** @returns the plan that has these parts; what every plan has and they lack is as in an empty one, a member without its group in none. */
export function planOf(parts: PlanParts): AccessPlan {
  const all = [...parts.values()];
  const only = <I extends PlanPart['is']>(is: I) => all.filter((part): part is PlanPart & { is: I } => part.is === is);
  const settings = (mode: (typeof MODES)[number]) => ({
    ...(only('rates').find((part) => part.mode === mode)?.rates ?? {
      limited: EMPTY_PLAN[mode].limited,
      full: EMPTY_PLAN[mode].full,
    }),
    devices: only('listed')
      .filter((part) => part.mode === mode)
      .map(({ mac }) => mac),
  });
  const groups = only('group').map(({ group }) => ({
    ...group,
    members: only('member')
      .filter((member) => member.group === group.id)
      .map(({ mac }) => mac),
  }));
  return {
    blocks: only('block').map(({ mac, windows }) => ({ mac, windows })),
    activeMode: only('mode')[0]?.mode ?? null,
    whitelist: settings('whitelist'),
    blacklist: settings('blacklist'),
    known: only('known')[0]?.macs ?? null,
    groups: groups.some(({ id }) => id === GUEST_GROUP) ? groups : [...EMPTY_PLAN.groups, ...groups],
  };
}

export interface PlanDifference {
  readonly key: string;
  readonly one: PlanPart | null;
  readonly other: PlanPart | null;
}

/** @returns the parts in which two plans differ; the order of lists says nothing. */
export function differencesOf(one: AccessPlan, other: AccessPlan): PlanDifference[] {
  const [ones, others] = [partsOf(one), partsOf(other)];
  return [...new Set([...ones.keys(), ...others.keys()])]
    .map((key) => ({ key, one: ones.get(key) ?? null, other: others.get(key) ?? null }))
    .filter((part) => canonical(part.one) !== canonical(part.other));
}

/**
 * Brings what changed from `before` to `after` into `ours`, and nothing else: where ours had drifted from the router it stays so.
 */
export function mergeChange(ours: AccessPlan, before: AccessPlan, after: AccessPlan): AccessPlan {
  const merged = new Map(partsOf(ours));
  for (const { key, other } of differencesOf(before, after)) {
    if (other === null) merged.delete(key);
    else merged.set(key, other);
  }
  return planOf(merged);
}

/** @returns the same text for values that mean the same, whatever the order of their keys (a database does not keep it). */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
