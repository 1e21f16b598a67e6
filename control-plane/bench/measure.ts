import type { Summary } from './statistics.ts';

export type Unit = 'ms' | 'MB' | 'MB/s' | 'KB' | '%' | 'tunnels/s' | 'trips';

/** One row of the table. */
export interface Measure {
  readonly name: string;
  readonly unit: Unit;
  readonly ours: Summary;
  /** The same with OpenSSH, or what the goal is relative to, measured in the same run. */
  readonly reference: Summary | null;
  /** In words; null for a row that only explains another one. */
  readonly goal: string | null;
  readonly met: boolean | null;
}

/** What a goal bounds. */
type Statistic = 'median' | 'p95' | 'p99';

type Named = Pick<Measure, 'name' | 'unit' | 'ours'>;

/** Judges against a fixed bound. */
export function atMost(measure: Named, bound: number, statistic: Statistic, reference: Summary | null = null): Measure {
  const goal = `${statistic} at most ${bound} ${measure.unit}`;
  return { ...measure, reference, goal, met: measure.ours[statistic] <= bound };
}

/** Judges what is added to the reference, each statistic against its own. */
export function addsAtMost(
  measure: Named,
  reference: Summary,
  bounds: Partial<Record<Statistic, number>>,
  what: string,
): Measure {
  const entries = Object.entries(bounds) as [Statistic, number][];
  return {
    ...measure,
    reference,
    goal: entries.map(([statistic, bound]) => `${statistic} ${what} + ${bound} ${measure.unit}`).join(', '),
    met: entries.every(([statistic, bound]) => measure.ours[statistic] - reference[statistic] <= bound),
  };
}

/** Judges a rate by its share of the reference's, medians both. */
export function atLeastShare(measure: Named, reference: Summary, share: number, what: string): Measure {
  return {
    ...measure,
    reference,
    goal: `median at least ${share} of ${what}`,
    met: measure.ours.median >= share * reference.median,
  };
}

/** A row without a goal of its own. */
export function forComparison(measure: Named, reference: Summary | null = null): Measure {
  return { ...measure, reference, goal: null, met: null };
}
