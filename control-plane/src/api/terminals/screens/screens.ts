import type { FastifyBaseLogger } from 'fastify';
import type { FromScreens } from './messages.ts';
import { ScreenFollower, type ScreenSource } from './screen-follower.ts';
import type { ScreenThread, StartScreenThread } from './screen-thread.ts';

/** How often terminals are looked at that have gone quiet or are far behind, in milliseconds. */
const SWEEP_MS = 500;
/** A terminal without output for this long has gone quiet, in milliseconds. */
const QUIET_MS = 300;
/** Bytes of output not yet parsed from which a screen catches up while its terminal is busy. */
const FAR_BEHIND = 33_554_432;

/** Owner of the thread that keeps screens, and of its followers; starts the thread when the first terminal is there. */
export class Screens {
  readonly #start: StartScreenThread;
  readonly #log: Pick<FastifyBaseLogger, 'warn'>;
  /** In the order of their turns: whose turn was longest ago comes first. */
  readonly #followers = new Map<number, ScreenFollower>();
  #thread: ScreenThread | null = null;
  #timer: NodeJS.Timeout | undefined;
  #nextId = 1;
  #closed = false;

  constructor(start: StartScreenThread, log: Pick<FastifyBaseLogger, 'warn'>) {
    this.#start = start;
    this.#log = log;
  }

  /** Follows a terminal until the follower is closed. */
  follow(source: ScreenSource): ScreenFollower {
    const id = this.#nextId;
    this.#nextId += 1;
    const follower = new ScreenFollower({
      id,
      source,
      post: (message) => this.#running().post(message),
      onClose: () => {
        this.#followers.delete(id);
        this.#thread?.post({ type: 'close', id });
        if (this.#followers.size === 0) this.#rest();
      },
    });
    this.#followers.set(id, follower);
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    return follower;
  }

  close(): void {
    this.#closed = true;
    this.#rest();
    for (const follower of this.#followers.values()) follower.close();
    this.#thread?.close();
    this.#thread = null;
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #running(): ScreenThread {
    if (this.#closed) throw new Error('the screens are closed');
    this.#thread ??= this.#start({ message: (message) => this.#hear(message), died: (error) => this.#died(error) });
    return this.#thread;
  }

  #hear(message: FromScreens): void {
    this.#followers.get(message.id)?.hear(message);
  }

  #died(error: Error): void {
    this.#thread = null;
    this.#log.warn({ err: error }, 'the thread of screens died; it starts again when it is needed');
    for (const follower of this.#followers.values()) follower.lost();
  }

  /** One at a time, so that nobody who asks waits behind many, and each in its turn, so that none keeps the others from theirs. */
  #sweep(): void {
    const followers = [...this.#followers];
    if (followers.some(([, follower]) => follower.busy)) return;
    const quietSince = Date.now() - QUIET_MS;
    const due = followers.find(
      ([, { behind, source }]) => behind > 0 && (behind > FAR_BEHIND || (source.lastOutputAt() ?? 0) < quietSince),
    );
    if (due === undefined) return;
    const [id, follower] = due;
    this.#followers.delete(id);
    this.#followers.set(id, follower);
    void follower.catchUp();
  }
}
