/** Takes within this time of each other came as one rush, in milliseconds. */
const RUSH_MS = 30_000;
/** How long a rush is remembered, in milliseconds. */
const MEMORY_MS = 600_000;
/** Takes remembered at most; more in ten minutes than any pool could serve. */
const MOST = 1_000;

/** How many warm sandboxes recent demand asks for: as many as the busiest half minute of the last ten minutes took. Pure. */
export class WarmDemand {
  readonly #least: number;
  readonly #most: number;
  #takes: number[] = [];

  /** @param least kept ready without any demand; 0 keeps the pool empty whatever is asked. @param most never more than this. */
  constructor(least: number, most: number) {
    this.#least = least;
    this.#most = Math.max(least, most);
  }

  /** A session took, or would have taken, a warm sandbox at `now` (milliseconds, never going back). */
  took(now: number): void {
    if (this.#least === 0) return;
    this.#takes.push(now);
    if (this.#takes.length > MOST) this.#takes.shift();
  }

  /** @returns how many should be ready at `now`. */
  target(now: number): number {
    this.#takes = this.#takes.filter((at) => now - at < MEMORY_MS);
    let busiest = 0;
    for (let first = 0, last = 0; last < this.#takes.length; last += 1) {
      while ((this.#takes[last] ?? 0) - (this.#takes[first] ?? 0) >= RUSH_MS) first += 1;
      busiest = Math.max(busiest, last - first + 1);
    }
    return Math.min(this.#most, Math.max(this.#least, busiest));
  }
}
