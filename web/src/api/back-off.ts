/** Milliseconds before the first and the longest wait between two attempts to reconnect. */
export const FIRST_WAIT = 250;
export const LONGEST_WAIT = 5_000;

/**
 * @param attempt 0 for the first attempt after a loss.
 * @param random in [0, 1), spreads the pages of a restarted api.
 * @returns milliseconds to wait: doubling from 0.25 s to 5 s, of which up to a fifth is taken off at random.
 */
export function reconnectWait(attempt: number, random: number = Math.random()): number {
  const full = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempt, 10));
  return Math.max(FIRST_WAIT, Math.round(full * (1 - 0.2 * random)));
}
