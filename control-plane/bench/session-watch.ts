import { once } from 'node:events';
import type WebSocket from 'ws';
import { PageEvent } from '../contract/events.ts';
import type { Session } from '../contract/sessions.ts';
import type { TestPerson } from '../test/harness/person.ts';

/** No session takes longer to become live, in milliseconds; the crowd's last one takes about a minute. */
const PATIENCE_MS = 300_000;

/** When a session was first seen in a state, by `performance.now()`. */
export type SeenStates = ReadonlyMap<Session['state'], number>;

/** Hears of a person's sessions as their page does. Owner of the events socket. */
export class SessionWatch {
  readonly #socket: WebSocket;
  readonly #seen = new Map<string, Map<Session['state'], number>>();
  readonly #ended = new Map<string, string>();
  #heard = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const at = performance.now();
      const event = PageEvent.parse(JSON.parse(data.toString('utf8')));
      if (event.type !== 'session') return;
      const { id, state, endReason, endDetail } = event.session;
      const states = this.#seen.get(id) ?? new Map<Session['state'], number>();
      this.#seen.set(id, states);
      if (!states.has(state)) states.set(state, at);
      if (state === 'ended') this.#ended.set(id, `${endReason}: ${endDetail}`);
      this.#heard();
    });
  }

  static async open(person: TestPerson): Promise<SessionWatch> {
    const socket = person.webSocket('/events');
    const watch = new SessionWatch(socket);
    await once(socket, 'open');
    return watch;
  }

  /** @throws Error when the session ends instead, or nothing is heard for too long. */
  async until(id: string, state: Session['state']): Promise<SeenStates> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const states = this.#seen.get(id);
      if (states?.has(state) === true) return states;
      const why = this.#ended.get(id);
      if (why !== undefined) throw new Error(`a session ended instead of being ${state}: ${why}`);
      const left = end - performance.now();
      if (left <= 0 || this.#socket.readyState !== this.#socket.OPEN)
        throw new Error(`no session was ${state} in time`);
      await this.#next(Math.min(left, 5_000));
    }
  }

  close(): void {
    this.#socket.terminate();
  }

  #next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#heard;
      const timer = setTimeout(resolve, ms);
      this.#heard = () => {
        clearTimeout(timer);
        this.#heard = before;
        before();
        resolve();
      };
    });
  }
}
