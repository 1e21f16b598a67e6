import PQueue from 'p-queue';
import type { QueuePlace } from '../../../contract/sessions.ts';
import { NOBODY, admit, join, leave, lineOf, readmit } from './admission.ts';
import type { AdmissionLimits, AdmissionState, Applicant } from './admission.ts';

/** Containers being created at once: two cores start no more without making each slower. */
const CONCURRENT_STARTS = 2;
/** Waits that the estimate is made from. */
const REMEMBERED_WAITS = 20;

/**
 * Who may start when: the pure admission order, the clock that turns recent waits into an estimate, and the engine's own narrow door
 * (p-queue). Sessions go through that door before the warm pool does.
 */
export class StartQueue {
  readonly #limits: AdmissionLimits;
  readonly #admitted: (applicant: Applicant) => void;
  readonly #moved: (sessionId: string, place: QueuePlace) => void;
  readonly #door = new PQueue({ concurrency: CONCURRENT_STARTS });
  #state: AdmissionState = NOBODY;
  /** Of everybody who waits: since when, from which place, and the place last told. */
  readonly #waits = new Map<string, { since: number; from: number; told: string }>();
  /** Seconds waited for each place in the line, newest last. */
  readonly #pace: number[] = [];

  /** @param options.admitted called when a session's turn has come; it must lead to {@link release} in the end. */
  constructor(options: {
    limits: AdmissionLimits;
    admitted: (applicant: Applicant) => void;
    moved: (sessionId: string, place: QueuePlace) => void;
  }) {
    this.#limits = options.limits;
    this.#admitted = options.admitted;
    this.#moved = options.moved;
  }

  /** Those who wait for admission. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** Whether a session, not the pool, wants a container right now. */
  get pressed(): boolean {
    return this.#door.sizeBy({ priority: 1 }) > 0;
  }

  /** @returns false when too many wait. A session that is there already keeps its place. */
  enter(applicant: Applicant): boolean {
    const next = join(this.#state, applicant, this.#limits);
    if (next === null) return false;
    this.#state = next;
    this.#settle();
    return true;
  }

  /** Counts a session that has its sandbox already. */
  readmit(applicant: Applicant): void {
    this.#state = readmit(this.#state, applicant);
  }

  /** Gives a place up, in the line or on the machine. */
  release(sessionId: string): void {
    this.#state = leave(this.#state, sessionId);
    this.#waits.delete(sessionId);
    this.#settle();
  }

  place(sessionId: string): QueuePlace | null {
    const at = lineOf(this.#state).findIndex((applicant) => applicant.sessionId === sessionId);
    return at === -1 ? null : this.#placeAt(at + 1);
  }

  /** Runs a container start when the engine's door is free; `session` before `pool`. */
  throughDoor<T>(who: 'session' | 'pool', start: () => Promise<T>): Promise<T> {
    return this.#door.add(start, { priority: who === 'session' ? 1 : 0 }) as Promise<T>;
  }

  /** Resolves when no start is on the way any more. */
  idle(): Promise<void> {
    return this.#door.onIdle();
  }

  #settle(): void {
    const { state, admitted } = admit(this.#state, this.#limits);
    this.#state = state;
    const now = Date.now();
    for (const { sessionId } of admitted) {
      const wait = this.#waits.get(sessionId);
      this.#waits.delete(sessionId);
      if (wait === undefined) continue;
      this.#pace.push((now - wait.since) / 1_000 / wait.from);
      if (this.#pace.length > REMEMBERED_WAITS) this.#pace.shift();
    }
    const line = lineOf(this.#state);
    for (const [index, { sessionId }] of line.entries()) {
      if (!this.#waits.has(sessionId)) this.#waits.set(sessionId, { since: now, from: index + 1, told: '' });
    }
    for (const applicant of admitted) this.#admitted(applicant);
    this.#tell(line);
  }

  #tell(line: readonly Applicant[]): void {
    for (const [index, { sessionId }] of line.entries()) {
      const wait = this.#waits.get(sessionId);
      const place = this.#placeAt(index + 1);
      const told = JSON.stringify(place);
      if (wait === undefined || wait.told === told) continue;
      wait.told = told;
      this.#moved(sessionId, place);
    }
  }

  #placeAt(position: number): QueuePlace {
    const sorted = this.#pace.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    return { position, estimateSeconds: median === undefined ? null : Math.round(median * position) };
  }
}
