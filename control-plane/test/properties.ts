import fc from 'fast-check';

/**
 * The same commit draws the same examples, so that a test that fails belongs to the change it fails on and fails again. Others are looked for on
 * purpose: `NETPILOT_SEED=<a whole number>` draws differently, `NETPILOT_RUNS=<how many>` draws more of them.
 */
fc.configureGlobal({
  seed: Number(process.env.NETPILOT_SEED ?? 2026),
  ...(process.env.NETPILOT_RUNS === undefined ? {} : { numRuns: Number(process.env.NETPILOT_RUNS) }),
});
