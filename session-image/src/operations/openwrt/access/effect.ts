import type { AccessEffect } from '@netpilot/control-plane/contract/operations/access.ts';
import type { Weekday } from '@netpilot/control-plane/contract/operations/values.ts';
import type { KernelState } from './kernel-state.ts';
import { type CompiledPlan, type Limiter, type PolicyClass, type PolicyRule } from './policies.ts';
import { isWithin, timeMatches } from './windows.ts';

/** Share by which a rate read back may differ: programs round. */
const TOLERANCE = 0.02;

export interface EffectFacts {
  readonly kernel: KernelState;
  readonly flowOffloading: AccessEffect['flowOffloading'];
  /** The router's own clock. */
  readonly moment: { readonly day: Weekday; readonly seconds: number };
}

/** Compares what is wanted with what the kernel has; rates and blocked devices are the kernel's. Pure. */
export function effectOf(plan: CompiledPlan, facts: EffectFacts): AccessEffect {
  const { kernel } = facts;
  const differences = differencesOf(plan, kernel);
  if (plan.active && facts.flowOffloading === 'on')
    differences.push('Flow offloading is on: it leads packets past every rule.');
  const inForce = [...kernel.devices].flatMap(([mac, verdict]) => {
    const found = plan.classes.find(({ index }) => verdict === `goto class${index}_up`);
    return found === undefined ? [] : [{ mac, found }];
  });
  return {
    loaded: differences.length === 0,
    differences: differences.slice(0, 50),
    engine: kernel.queued.size > 0 ? 'htb' : kernel.policers.size > 0 ? 'policer' : 'none',
    classes: plan.limiters.map((limiter) => ({
      name: limiter.name.slice(0, 80),
      downMbps: rateInForce(limiter, 'down', kernel),
      upMbps: rateInForce(limiter, 'up', kernel),
      devices: inForce.filter(({ found }) => limits(found, limiter)).length,
    })),
    blockedNow: inForce
      .filter(({ found }) => found.rules.some((rule) => rule.type === 'block' && isWithin(rule.windows, facts.moment)))
      .map(({ mac }) => mac)
      .sort(),
    flowOffloading: facts.flowOffloading,
  };
}

function limits(found: PolicyClass, limiter: Limiter): boolean {
  return found.rules.some((rule) => rule.type === 'limit' && rule.limiter.index === limiter.index);
}

function differencesOf(plan: CompiledPlan, kernel: KernelState): string[] {
  if (!plan.active) return kernel.loaded ? ['Rules are loaded that the plan does not have.'] : [];
  if (!kernel.loaded) return ['No rule of the plan is loaded.'];
  const differences: string[] = [];
  for (const [mac, wanted] of plan.devices) {
    const target = wanted === null ? 'goto free' : `goto class${wanted.index}_up`;
    if (kernel.devices.get(mac) !== target) differences.push(`The rules of ${mac} are not loaded.`);
  }
  for (const mac of kernel.devices.keys()) if (!plan.devices.has(mac)) differences.push(`${mac} has rules of its own.`);
  for (const { index, rules } of plan.classes) {
    for (const way of ['down', 'up'] as const) {
      const wanted = [...(way === 'up' ? [''] : []), ...rules.flatMap((rule) => verdictsOf(rule, way))];
      const has = kernel.chains.get(`class${index}_${way}`);
      if (has === undefined || has.join() !== wanted.join()) differences.push(`Policy ${index} (${way}) was changed.`);
    }
  }
  const rest = plan.rest === null ? 'goto free' : `goto class${plan.rest.index}_up`;
  if (kernel.chains.get('up')?.at(-1) !== rest) differences.push('What holds for all other devices was changed.');
  if (kernel.chains.get('forward')?.join() !== 'jump up,jump down') differences.push('The rules are not reached.');
  for (const limiter of plan.limiters) {
    for (const way of ['down', 'up'] as const) {
      const wanted = way === 'down' ? limiter.rates.downMbps : limiter.rates.upMbps;
      const set = rateInForce(limiter, way, kernel);
      if (wanted === null ? set !== null : set === null || Math.abs(set - wanted) > wanted * TOLERANCE)
        differences.push(`${limiter.name} (${way}): ${wanted ?? 'no'} Mbit/s wanted, ${set ?? 'none'} set.`);
    }
  }
  return differences;
}

function verdictsOf(rule: PolicyRule, way: 'down' | 'up'): string[] {
  const verdict =
    rule.type === 'limit' ? `goto limit${rule.limiter.index}_${way}` : way === 'up' ? 'goto refuse' : 'drop';
  return timeMatches(rule.windows).map(() => verdict);
}

/** The slowest queue of the way counts: a network device that lost its queue is a difference, not a rate. */
function rateInForce({ index }: Limiter, way: 'down' | 'up', kernel: KernelState): number | null {
  const chain = `limit${index}_${way}`;
  const policed = kernel.policers.get(chain);
  if (policed !== undefined) return policed;
  if (!kernel.queued.has(chain)) return null;
  const rates = [...kernel.queues]
    .filter(([device]) => kernel.wan.includes(device) === (way === 'up'))
    .flatMap(([, classes]) => classes.get(index) ?? []);
  return rates.length === 0 ? null : Math.min(...rates);
}
