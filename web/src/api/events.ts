import { PageEvent } from '@netpilot/control-plane/contract/events.ts';
import { reconnectWait } from './back-off.ts';
import { socketAddress, stillSignedIn } from './client.ts';

/** `lost` from the first failed connection until the next `hello`. */
export type EventsState = 'connecting' | 'open' | 'lost' | 'signed_out';

/** Longest event we read, in characters; the api sends far smaller ones. */
const LONGEST_EVENT = 65_536;

/** Owns the socket of live events: opens it, opens it again after a loss, and closes it with {@link EventsConnection.close}. */
export class EventsConnection {
  readonly #onEvent: (event: PageEvent) => void;
  readonly #watchers = new Set<() => void>();
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #state: EventsState = 'connecting';
  #closed = false;

  constructor(onEvent: (event: PageEvent) => void) {
    this.#onEvent = onEvent;
    window.addEventListener('online', this.#now);
    this.#connect();
  }

  get state(): EventsState {
    return this.#state;
  }

  /** Calls `watcher` on each change of state. @returns the way to stop. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  close(): void {
    this.#closed = true;
    window.removeEventListener('online', this.#now);
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#watchers.clear();
  }

  readonly #now = () => {
    if (this.#state !== 'lost') return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#connect();
  };

  #connect(): void {
    if (this.#closed) return;
    this.#socket?.close();
    const socket = new WebSocket(socketAddress('/events'));
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const event = readEvent(data);
      if (!event || socket !== this.#socket) return;
      if (event.type === 'hello') {
        this.#attempt = 0;
        this.#become('open');
      }
      this.#onEvent(event);
    });
    socket.addEventListener('close', () => {
      if (socket === this.#socket) void this.#again();
    });
  }

  async #again(): Promise<void> {
    if (this.#closed) return;
    this.#become('lost');
    if (!(await stillSignedIn())) {
      this.#become('signed_out');
      return;
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#connect(), reconnectWait(this.#attempt));
    this.#attempt += 1;
  }

  #become(state: EventsState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}

function readEvent(data: unknown): PageEvent | null {
  if (typeof data !== 'string' || data.length > LONGEST_EVENT) return null;
  try {
    return PageEvent.parse(JSON.parse(data));
  } catch {
    return null;
  }
}
