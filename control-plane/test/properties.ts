import { jest } from '@jest/globals';
import fc from 'fast-check';

const { NETPILOT_SEED, NETPILOT_RUNS } = process.env;

/**
 * The same commit draws the same examples, so that a test that fails belongs to the change it fails on and fails again. Others are looked for on
 * purpose: `NETPILOT_SEED=<a whole number>` draws differently, `NETPILOT_RUNS=<how many>` draws more of them.
 */
fc.configureGlobal({
  seed: Number(NETPILOT_SEED ?? 2026),
  ...(NETPILOT_RUNS === undefined ? {} : { numRuns: Number(NETPILOT_RUNS) }),
});
// Who asks for more examples has the time.
if (NETPILOT_RUNS !== undefined) jest.setTimeout(3_600_000);

/** @returns how many examples a property draws that wants another number than a hundred: `usual`, unless others are looked for. */
export function runs(usual: number): number {
  return NETPILOT_RUNS === undefined ? usual : Number(NETPILOT_RUNS);
}
