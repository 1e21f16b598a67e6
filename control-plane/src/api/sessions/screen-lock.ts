import { ProblemError } from '../errors.ts';

/**
 * The lock of one session's screen. It hides the screen from its person until they sign in anew, each browser for itself: a desk that was
 * left alone stays dark when its owner unlocks on the phone.
 */
export class ScreenLock {
  /** Sign-ins that came after the lock; a person has only so many. */
  readonly #shownTo = new Set<string>();
  #lockedAt: number | null;

  /** @param lockedAt milliseconds since the epoch, of a lock from before a restart. */
  constructor(lockedAt: number | null) {
    this.#lockedAt = lockedAt;
  }

  /** When it was locked last; milliseconds since the epoch. */
  get lockedAt(): number | null {
    return this.#lockedAt;
  }

  lock(): void {
    this.#lockedAt = Date.now();
    this.#shownTo.clear();
  }

  /** Whether it is hidden from its person on every browser. */
  get dark(): boolean {
    return this.#lockedAt !== null && this.#shownTo.size === 0;
  }

  hides(loginSessionId: string): boolean {
    return this.#lockedAt !== null && !this.#shownTo.has(loginSessionId);
  }

  /**
   * Shows the screen to a sign-in again.
   * @param authenticatedAt when its person proved last who they are, in milliseconds since the epoch.
   * @throws ProblemError `sign_in_again` when that was before the lock.
   */
  show(loginSessionId: string, authenticatedAt: number): void {
    this.check(authenticatedAt);
    if (this.#lockedAt !== null) this.#shownTo.add(loginSessionId);
  }

  /** @throws ProblemError `sign_in_again` for a sign-in from before the lock. */
  check(authenticatedAt: number): void {
    if (this.#lockedAt !== null && authenticatedAt <= this.#lockedAt) throw new ProblemError('sign_in_again');
  }
}
