/** A series of samples in few numbers, in the samples' own unit. */
export interface Summary {
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  /** How many samples there were. */
  readonly n: number;
}

/**
 * The nearest-rank percentile: the smallest sample that at least `share` of all samples do not exceed.
 * @param share above 0, at most 1.
 * @throws RangeError without samples, for a share out of bounds or a sample that is not finite.
 */
export function percentile(samples: readonly number[], share: number): number {
  if (!(share > 0 && share <= 1)) throw new RangeError('a share lies above 0 and is at most 1');
  const sorted = sort(samples);
  return sorted[Math.ceil(share * sorted.length) - 1] as number;
}

/** The middle sample, or the mean of the two in the middle. @throws RangeError as {@link percentile} does. */
export function median(samples: readonly number[]): number {
  const sorted = sort(samples);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : mean(sorted[half - 1] as number, upper);
}

/** @throws RangeError as {@link percentile} does. */
export function summarise(samples: readonly number[]): Summary {
  return {
    median: median(samples),
    p95: percentile(samples, 0.95),
    p99: percentile(samples, 0.99),
    n: samples.length,
  };
}

/** A single figure in the shape of a series, such as a rate over a whole run. */
export function single(value: number): Summary {
  return summarise([value]);
}

/** Never outside its two numbers: halves are added where the sum would not be finite, and only there, for half of the smallest number is nothing. */
function mean(lower: number, upper: number): number {
  const sum = lower + upper;
  return Number.isFinite(sum) ? sum / 2 : lower / 2 + upper / 2;
}

function sort(samples: readonly number[]): number[] {
  if (samples.length === 0) throw new RangeError('no samples');
  if (!samples.every(Number.isFinite)) throw new RangeError('a sample that is not a number');
  return samples.toSorted((a, b) => a - b);
}
