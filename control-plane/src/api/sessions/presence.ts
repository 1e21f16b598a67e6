/** Bound of people remembered; far more than can have a session waiting. */
const MAX_PEOPLE = 10_000;

/** Whether a person's page is still there: it holds an events socket open, or asks for its session now and then. */
export class Presence {
  readonly #sockets = new Map<string, number>();
  readonly #seen = new Map<string, number>();
  readonly #now: () => number;
  readonly #since: number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#since = now();
  }

  /** A page opened its events socket. @returns takes it away again. */
  arrive(userId: string): () => void {
    this.#sockets.set(userId, (this.#sockets.get(userId) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const rest = (this.#sockets.get(userId) ?? 1) - 1;
      if (rest > 0) this.#sockets.set(userId, rest);
      else this.#sockets.delete(userId);
      this.seen(userId);
    };
  }

  /** A page asked for its session. */
  seen(userId: string): void {
    this.#seen.delete(userId);
    this.#seen.set(userId, this.#now());
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > MAX_PEOPLE && oldest.done !== true) this.#seen.delete(oldest.value);
  }

  /** @returns since when no page of the person is there, in milliseconds; 0 while one is. Nobody is away longer than we look. */
  absentMs(userId: string): number {
    return this.#sockets.has(userId) ? 0 : this.#now() - (this.#seen.get(userId) ?? this.#since);
  }
}
