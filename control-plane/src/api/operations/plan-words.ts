import type { Rates, TimeWindow } from '../../../contract/operations/values.ts';
import type { PlanDifference, PlanPart } from './plan-parts.ts';

/** @returns a difference of two plans in words: what it is about, and how it is on each side. */
export function wordsOf({ one, other }: PlanDifference): { what: string; ours: string; routers: string } {
  const part = one ?? other;
  return { what: part === null ? '' : subjectOf(part), ours: stateOf(one), routers: stateOf(other) };
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

function stateOf(part: PlanPart | null): string {
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
      const { block, limit, windows } = part.group.policy;
      const does = [block ? 'blocked' : null, limit === null ? null : `limited ${ratesInWords(limit)}`].filter(Boolean);
      return does.length === 0 ? 'no policy' : `${does.join(', ')}, ${windowsInWords(windows)}`;
    }
    case 'member':
      return `group ${part.group}`;
    case 'known':
      return part.macs === null ? 'not told apart' : `all but ${part.macs.length} known devices`;
  }
}

function ratesInWords({ downMbps, upMbps }: Rates): string {
  return `${downMbps ?? 'unlimited'} down / ${upMbps ?? 'unlimited'} up Mbit/s`;
}

function windowsInWords(windows: readonly TimeWindow[]): string {
  if (windows.length === 0) return 'always';
  return windows.map(({ days, from, to }) => `${days.join(' ')} ${from}-${to}`).join('; ');
}
