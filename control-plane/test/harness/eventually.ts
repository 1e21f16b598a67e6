/** End of a test's patience, in milliseconds; what is waited for comes far sooner, but the machine may be busy. */
const PATIENCE_MS = 90_000;

/**
 * Asks until the answer is there.
 * @param ask null, undefined and false mean not yet; a rejection does too, and is told when patience ends.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + patienceMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain for: ${what}`, { cause: last });
}
