import { parseArgs } from 'node:util';

/** The measures, in the order they run. */
export const MEASURES = [
  'prompt',
  'terminal',
  'memory',
  'end',
  'cut',
  'resume',
  'crowd',
  'tunnels',
  'operations',
  'files',
  'recording',
] as const;
export type MeasureName = (typeof MEASURES)[number];

export interface BenchOptions {
  readonly only: readonly MeasureName[];
  /** File to write the figures to. */
  readonly json: string | null;
  /** Few samples: to see that it runs, not to judge. */
  readonly quick: boolean;
}

/**
 * Reads the command line.
 * @throws Error that says what is wrong, in a sentence.
 */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const only = values.only?.split(',').map((name) => {
    const known = MEASURES.find((measure) => measure === name);
    if (known === undefined) throw new Error(`There is no measure "${name}"; there are ${MEASURES.join(', ')}.`);
    return known;
  });
  return { only: only ?? MEASURES, json: values.json ?? null, quick: values.quick };
}
