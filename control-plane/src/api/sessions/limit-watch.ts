import { type Limit, type SessionLimits, nextLimit } from './limits.ts';

export interface LimitListener {
  /** A limit is near, or no longer: `leftMs` until it is reached, null when the warning is taken back. */
  warn(limit: Limit | null, leftMs: number): void;
  /** A limit is reached. After `screen_lock` the watch goes on. */
  reached(limit: Limit): void;
}

/**
 * Watches the limits of one live session. It counts on the monotonic clock, so that setting the clock of the machine neither ends a session
 * early nor keeps one alive.
 */
export class LimitWatch {
  readonly #limits: SessionLimits;
  readonly #listener: LimitListener;
  #liveAt = 0;
  #activityAt = 0;
  #screenLocked = false;
  #warned: { readonly limit: Limit; readonly at: number } | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: SessionLimits, listener: LimitListener) {
    this.#limits = limits;
    this.#listener = listener;
  }

  /**
   * Begins to watch.
   * @param liveForMs how long the session is live already, and `idleForMs` without input; less than nothing counts as nothing.
   * @param screenLocked whether the screen has been locked since the last input.
   */
  begin(liveForMs: number, idleForMs: number, screenLocked: boolean): void {
    const now = performance.now();
    this.#liveAt = now - Math.max(0, liveForMs);
    this.#activityAt = now - Math.max(0, idleForMs);
    this.#screenLocked = screenLocked;
    this.#arm();
  }

  /** The person did something. Called for every piece of input, so it does next to nothing. */
  touch(): void {
    this.#activityAt = performance.now();
    if (!this.#screenLocked && (this.#warned === null || this.#warned.limit === 'lifetime')) return;
    this.#screenLocked = false;
    this.#look();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #next() {
    return nextLimit(this.#limits, this.#liveAt, this.#activityAt, this.#screenLocked);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#next();
    const due = this.#warned === null ? next.warnAt : next.at;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, due - performance.now()));
  }

  #look(): void {
    const next = this.#next();
    const now = performance.now();
    if (now >= next.at) {
      this.#warned = null;
      if (next.limit !== 'screen_lock') return this.#listener.reached(next.limit);
      this.#screenLocked = true;
      this.#arm();
      return this.#listener.reached('screen_lock');
    }
    const warning = now >= next.warnAt ? { limit: next.limit, at: next.at } : null;
    const changed = warning?.at !== this.#warned?.at;
    this.#warned = warning;
    this.#arm();
    if (changed) this.#listener.warn(warning?.limit ?? null, next.at - now);
  }
}
