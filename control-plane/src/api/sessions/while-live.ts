import { ProblemError } from '../errors.ts';
import type { LiveSession } from './live-session.ts';

/** What is said of an agent that cannot be reached. */
const AWAY: ReadonlySet<string> = new Set(['sandbox_failed', 'session_not_live']);

/**
 * Waits for what goes to the agent of a session.
 * @throws ProblemError `session_over` in place of the broken link of a session that ended meanwhile; every other error as it is.
 */
export async function whileLive<T>({ over }: Pick<LiveSession, 'over'>, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProblemError && AWAY.has(error.code)) over.throwIfAborted();
    throw error;
  }
}
