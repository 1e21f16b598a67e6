import type { OperationRun } from '@netpilot/control-plane/contract/operation-runs.ts';
import { OPERATIONS } from '@netpilot/control-plane/contract/operations/catalogue.ts';

/** Operations that have no room where they are asked for to say why they failed: jobs go on behind their answer, a switch is one of many. */
const ROOMLESS: ReadonlySet<string> = new Set([
  ...Object.entries(OPERATIONS)
    .filter(([, { job }]) => job)
    .map(([name]) => name),
  'access.block',
  'access.unblock',
]);
/** How long a failure is told of, in milliseconds; the history keeps it. */
const TOLD = 120_000;

/**
 * What failed just now of what a person asked for, newest first; what they have asked for again since then is left out.
 * @param runs newest first. @param now milliseconds since the epoch.
 */
export function failedJustNow(runs: readonly OperationRun[], userId: string, now: number): OperationRun[] {
  const asked = new Set<string>();
  return runs.filter((run) => {
    const what = `${run.operation} ${run.subject ?? ''}`;
    if (run.userId !== userId || !ROOMLESS.has(run.operation) || asked.has(what)) return false;
    asked.add(what);
    return run.state === 'failed' && now - Date.parse(run.endedAt ?? '') < TOLD;
  });
}
