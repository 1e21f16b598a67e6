import { randomUUID } from 'node:crypto';
import type { Role } from '../../../contract/people.ts';
import type { Actor } from '../access/actor.ts';

/** Input held back: by whom (a name) and since when, in milliseconds since the epoch. */
export interface Pause {
  readonly by: string;
  readonly since: number;
}

/** Somebody who looks at a session that is not theirs. */
export interface Onlooker {
  readonly actor: Pick<Actor, 'userId' | 'name' | 'memberships'>;
  /** In the organisation of the session; null for a platform administrator who is no member. */
  readonly role: Role | null;
  /** Whether they may type as well. */
  readonly joined: boolean;
  /** Whether the person is not told of them, by policy of the organisation. */
  readonly silent: boolean;
  /** Ends their looking on. */
  readonly dismiss: () => void;
}

/** Onlookers of one session that are kept apart; more are let in, but not listed. */
const MAX_ONLOOKERS = 64;

/** What those who oversee one session do to it: they look on, hold input back, leave a message. */
export class Overseen {
  readonly #onlookers = new Map<string, Onlooker & { readonly since: number }>();
  readonly #changed: () => void;
  #paused: Pause | null;
  #message: { readonly from: string; readonly text: string; readonly at: number } | null = null;

  /** @param changed called after each change that a page sees. */
  constructor(paused: Pause | null, changed: () => void) {
    this.#paused = paused;
    this.#changed = changed;
  }

  get paused(): Pause | null {
    return this.#paused;
  }

  get message(): { readonly from: string; readonly text: string; readonly at: number } | null {
    return this.#message;
  }

  /** One for each person, the one who joined before the one who only watches. */
  get onlookers(): readonly (Onlooker & { readonly since: number })[] {
    const people = new Map<string, Onlooker & { readonly since: number }>();
    for (const onlooker of this.#onlookers.values()) {
      const known = people.get(onlooker.actor.userId);
      if (known === undefined || (onlooker.joined && !known.joined)) people.set(onlooker.actor.userId, onlooker);
    }
    return [...people.values()];
  }

  /** Holds input back, unless somebody does already. */
  pause(by: string): void {
    if (this.#paused !== null) return;
    this.#paused = { by, since: Date.now() };
    this.#changed();
  }

  resume(): void {
    if (this.#paused === null) return;
    this.#paused = null;
    this.#changed();
  }

  /** Leaves a message, which takes the place of the one before. */
  say(from: string, text: string): void {
    this.#message = { from, text, at: Date.now() };
    this.#changed();
  }

  /** Ends the looking on of those whom `which` says. */
  dismissWhere(which: (onlooker: Onlooker) => boolean): void {
    for (const onlooker of this.#onlookers.values()) if (which(onlooker)) onlooker.dismiss();
  }

  /** Somebody opens a terminal of the session that is not theirs. @returns takes them away again. */
  arrive(onlooker: Onlooker): () => void {
    const key = randomUUID();
    if (this.#onlookers.size < MAX_ONLOOKERS) {
      this.#onlookers.set(key, { ...onlooker, since: Date.now() });
      this.#changed();
    }
    return () => {
      if (this.#onlookers.delete(key)) this.#changed();
    };
  }
}
