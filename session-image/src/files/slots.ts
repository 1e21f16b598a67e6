import { FileFailure } from './file-failure.ts';

/** Requests that may wait for a place. */
const MAX_WAITING = 64;

/**
 * Places on a router's connection: sshd lets ten channels be open at once (MaxSessions), and terminals come first. Who finds none free waits
 * in line.
 */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for a place. @returns gives it back, once. @throws FileFailure `busy` when too many wait already */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) throw new FileFailure('busy', 'Too much is asked at once.');
    return new Promise((resolve, reject) => {
      const ready = () => {
        signal.removeEventListener('abort', gone);
        resolve();
      };
      const gone = () => {
        this.#waiting.splice(this.#waiting.indexOf(ready), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', gone, { once: true });
      this.#waiting.push(ready);
    });
  }
}
