import type { WebSocket } from 'ws';
import type { Actor } from '../access/actor.ts';

/** Close codes of our WebSockets; 1013 and everything not listed means: try again. */
export const CLOSE = {
  goingAway: 1001,
  tryAgain: 1013,
  badFrame: 4400,
  signedOut: 4401,
  gone: 4404,
  /** Memberships changed: connect again with the new ones. */
  changed: 4408,
  takenOver: 4409,
  sessionOver: 4410,
  /** Nothing is shown until the person has signed in anew. */
  screenLocked: 4423,
  tooMany: 4429,
} as const;

const HEARTBEAT_MS = 30_000;
/** A peer that does not finish the closing handshake is cut after this. */
const CLOSE_GRACE_MS = 5_000;

/** Closes a socket; cuts it when the other side does not answer the closing. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState >= socket.CLOSING) return;
  // A paused socket would never see the answer to the closing.
  if (socket.isPaused) socket.resume();
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

interface Entry {
  readonly actor: Actor;
  answered: boolean;
}

/** The open WebSockets of one kind, by person: bounds them, finds dead ones, closes those whose access ended. */
export class PersonSockets {
  readonly #limit: number;
  readonly #entries = new Map<WebSocket, Entry>();
  readonly #counts = new Map<string, number>();
  readonly #heartbeat: NodeJS.Timeout;

  /** @param limit sockets one person may have open. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** Takes a socket in until it closes. @returns false when the person has too many; the socket is closed then, and not counted. */
  add(socket: WebSocket, actor: Actor): boolean {
    // ws reports a broken frame as an error and closes by itself.
    socket.on('error', () => {});
    const count = this.#counts.get(actor.userId) ?? 0;
    if (count >= this.#limit) {
      closeSocket(socket, CLOSE.tooMany, 'too many sockets');
      return false;
    }
    this.#counts.set(actor.userId, count + 1);
    const entry: Entry = { actor, answered: true };
    this.#entries.set(socket, entry);
    socket.on('pong', () => (entry.answered = true));
    socket.once('close', () => {
      this.#entries.delete(socket);
      const rest = (this.#counts.get(actor.userId) ?? 1) - 1;
      if (rest > 0) this.#counts.set(actor.userId, rest);
      else this.#counts.delete(actor.userId);
    });
    return true;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The people behind the open sockets, one for each socket. */
  *actors(): Iterable<Actor> {
    for (const { actor } of this.#entries.values()) yield actor;
  }

  *entries(): Iterable<[WebSocket, Actor]> {
    for (const [socket, { actor }] of this.#entries) yield [socket, actor];
  }

  /** Closes the sockets of the people that `which` says. */
  closeWhere(which: (actor: Actor) => boolean, code: number, reason: string): void {
    for (const [socket, { actor }] of this.#entries) if (which(actor)) closeSocket(socket, code, reason);
  }

  /** Closes all; pages connect again to whoever comes next. */
  close(): void {
    clearInterval(this.#heartbeat);
    this.closeWhere(() => true, CLOSE.goingAway, 'the server stops');
  }

  #beat(): void {
    for (const [socket, entry] of this.#entries) {
      if (socket.readyState !== socket.OPEN) continue;
      // A socket that we paused cannot answer; its back-pressure has its own bound.
      if (!entry.answered && !socket.isPaused) socket.terminate();
      else {
        entry.answered = false;
        socket.ping();
      }
    }
  }
}
