import type { Rates, TimeWindow } from '../../../contract/operations/values.ts';
import type { PlanDifference, PlanPart } from './plan-parts.ts';

/** Devices named of a long list. */
const SHOWN_DEVICES = 3;

/** @returns a difference of two plans in words: what it is about, and how it is on each side. */
export function wordsOf({ one, other }: PlanDifference): { what: string; ours: string; routers: string } {
  const part = one ?? other;
  return { what: part === null ? '' : subjectOf(part), ours: stateOf(one, other), routers: stateOf(other, one) };
}

function subjectOf(part: PlanPart): string {
  switch (part.is) {
    case 'block':
      return `Block of ${part.mac}`;
    case 'mode':
      return 'Active mode';
    case 'listed':
      return `${part.mac} on the ${part.mode}`;
    case 'rates':
      return `Rates of the ${part.mode}`;
    case 'group':
      return `Group ${part.group.name}`;
    case 'member':
      return `Group of ${part.mac}`;
    case 'known':
      return 'Guests';
  }
}

/** @param beside the same part on the other side. */
function stateOf(part: PlanPart | null, beside: PlanPart | null): string {
  if (part === null) return 'none';
  switch (part.is) {
    case 'block':
      return windowsInWords(part.windows);
    case 'mode':
      return part.mode ?? 'none';
    case 'listed':
      return 'listed';
    case 'rates':
      return `limited ${ratesInWords(part.rates.limited)}, others ${ratesInWords(part.rates.full)}`;
    case 'group': {
      const { name, policy } = part.group;
      const limit = policy.limit === null ? 'not limited' : `limited ${ratesInWords(policy.limit)}`;
      return `${name}: ${policy.block ? 'blocked' : 'not blocked'}, ${limit}, ${windowsInWords(policy.windows)}`;
    }
    case 'member':
      return `group ${part.group}`;
    case 'known':
      return knownInWords(part.macs, beside?.is === 'known' ? (beside.macs ?? []) : []);
  }
}

function knownInWords(macs: readonly string[] | null, others: readonly string[]): string {
  if (macs === null) return 'not told apart';
  const only = macs.filter((mac) => !others.includes(mac)).slice(0, SHOWN_DEVICES);
  return `all but ${macs.length} known devices${only.length === 0 ? '' : `, such as ${only.join(', ')}`}`;
}

function ratesInWords({ downMbps, upMbps }: Rates): string {
  return `${downMbps ?? 'unlimited'} down / ${upMbps ?? 'unlimited'} up Mbit/s`;
}

function windowsInWords(windows: readonly TimeWindow[]): string {
  if (windows.length === 0) return 'always';
  return windows.map(({ days, from, to }) => `${days.join(' ')} ${from}-${to}`).join('; ');
}
