import type { Actor } from '../access/actor.ts';
import { ProblemError } from '../errors.ts';
import type { LiveSession } from '../sessions/live-session.ts';
import type { FileQuota } from './file-quota.ts';
import type { SessionWatch } from './session-watch.ts';

/** Bytes of one person on their way through this process, allowed as long as session, right and quota last. */
export interface Passage {
  /** Aborted with a ProblemError when the session ends, the sign-in goes or the quota is used up. */
  readonly signal: AbortSignal;
  /** Counts bytes that pass; they also keep the session from being idle. @throws ProblemError when they may not pass any more. */
  take(bytes: number): void;
  /** Must be called once, whatever happened. @throws what the database throws. */
  end(): Promise<void>;
}

/** Everything that moves bytes right now; what ends a person's right ends their passages. */
export class Passages {
  readonly #quota: FileQuota;
  readonly #watch: SessionWatch;
  readonly #open = new Map<AbortController, Actor>();

  constructor(quota: FileQuota, watch: SessionWatch) {
    this.#quota = quota;
    this.#watch = watch;
  }

  /**
   * @param expected bytes; null when nobody can say.
   * @throws ProblemError `file_transfers`, `file_quota`; what the database throws.
   */
  async begin(session: LiveSession, actor: Actor, expected: number | null): Promise<Passage> {
    const allowance = await this.#quota.begin(actor.userId, expected);
    const controller = new AbortController();
    this.#open.set(controller, actor);
    const leave = this.#watch.watch(session, actor, (reason) => controller.abort(reason));
    return {
      signal: controller.signal,
      take: (bytes) => {
        controller.signal.throwIfAborted();
        session.touch();
        if (!allowance.spend(bytes)) controller.abort(new ProblemError('file_quota'));
        controller.signal.throwIfAborted();
      },
      end: async () => {
        leave();
        this.#open.delete(controller);
        await allowance.end();
      },
    };
  }

  /** The people behind what moves, one for each passage. */
  actors(): Iterable<Actor> {
    return this.#open.values();
  }

  /** Cuts what the people that `which` says are moving. */
  closeWhere(which: (actor: Actor) => boolean): void {
    for (const [controller, actor] of this.#open) {
      if (which(actor)) controller.abort(new ProblemError('unauthenticated'));
    }
  }

  /** Cuts everything: the process stops. */
  close(): void {
    for (const controller of this.#open.keys()) controller.abort(new ProblemError('internal', 'The server stops.'));
  }
}
