import type { Actor } from '../access/actor.ts';
import { ProblemError } from '../errors.ts';
import type { LiveSession } from '../sessions/live-session.ts';
import type { SessionService } from '../sessions/service.ts';

interface Watcher {
  readonly actor: Actor;
  readonly stop: (reason: ProblemError) => void;
}

/** Tells those who are at work in a session when it ends, is paused or hidden from them: at once, not at their next request. */
export class SessionWatch {
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #off: () => void;

  constructor(sessions: Pick<SessionService, 'on'>) {
    this.#off = sessions.on((session) => this.#changed(session));
  }

  /**
   * @param stop is called with `session_over`, `session_paused` or `screen_locked`, at once when that is so already.
   * @returns ends the watch.
   */
  watch(session: LiveSession, actor: Actor, stop: (reason: ProblemError) => void): () => void {
    const { id } = session.identity;
    const watcher = { actor, stop };
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(watcher));
    tell(session, watcher);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id);
    };
  }

  close(): void {
    this.#off();
    this.#watchers.clear();
  }

  #changed(session: LiveSession): void {
    for (const watcher of this.#watchers.get(session.identity.id) ?? []) tell(session, watcher);
  }
}

function tell(session: LiveSession, { actor, stop }: Watcher): void {
  if (session.machine.state !== 'live') stop(new ProblemError('session_over'));
  else if (session.overseen.paused !== null) stop(new ProblemError('session_paused'));
  else if (session.screenLock.hides(actor.loginSessionId)) stop(new ProblemError('screen_locked'));
}
