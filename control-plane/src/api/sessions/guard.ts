import type { Actor } from '../access/actor.ts';
import type { Action } from '../access/policy.ts';
import { ProblemError } from '../errors.ts';
import type { LiveSession } from './live-session.ts';

/** What locks know: whether one holds this use of a session now. */
export interface Locks {
  /** @returns why it is held, null when nothing holds it. */
  messageFor(
    actor: Pick<Actor, 'userId' | 'memberships'>,
    session: { readonly organisationId: string; readonly routerId: string | null },
  ): string | null;
}

/** Looking at a session's state and ending it: never held back. */
const ALWAYS: ReadonlySet<Action> = new Set(['session.read', 'session.end', 'session.oversee']);
/** By those who oversee: the screen of its person and their pause are not theirs, unless the session is. */
const OVERSEERS: ReadonlySet<Action> = new Set(['session.watch', 'session.join']);
/** Reading what a terminal shows, which a pause does not stop; its input is held back where it comes in. */
const SHOWING: ReadonlySet<Action> = new Set(['session.attach']);

/**
 * The one place that every path into a running session passes, behind the policy: terminals, commands, files, operations and resuming.
 * An action that is not named here is held back by everything.
 * @throws ProblemError `locked`, `screen_locked`, `session_paused`.
 */
export function guardUse(session: LiveSession, actor: Actor, action: Action, locks: Locks): void {
  if (ALWAYS.has(action)) return;
  const message = locks.messageFor(actor, session.identity);
  if (message !== null) throw new ProblemError('locked', message);
  if (OVERSEERS.has(action) && session.identity.userId !== actor.userId) return;
  const { paused } = session.overseen;
  if (paused !== null && !SHOWING.has(action)) throw new ProblemError('session_paused', `Paused by ${paused.by}.`);
  if (session.screenLock.hides(actor.loginSessionId)) throw new ProblemError('screen_locked');
}
