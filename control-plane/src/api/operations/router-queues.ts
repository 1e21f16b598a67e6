import PQueue from 'p-queue';
import { ProblemError } from '../errors.ts';

/** Reads that one router answers at once; each is a channel of one SSH connection. */
const READS_AT_ONCE = 4;
/** Operations that may wait for one router, changes and reads apart. */
const MAX_WAITING = 32;

interface RouterLine {
  readonly changes: PQueue;
  readonly reads: PQueue;
  /** Changes that have begun. */
  begun: number;
}

/** What an operation learns of the others at its router. */
export interface Turn {
  /** Whether no change was at work since this one's turn came; what was read meanwhile may be of before or behind it. */
  undisturbed(): boolean;
}

/** One line a router: its changes run one after the other in the order they came, its reads side by side up to a bound. */
export class RouterQueues {
  readonly #lines = new Map<string, RouterLine>();

  /**
   * Runs `work` when its turn has come.
   * @param signal gives the place in the line up while it waits; work that has begun hears of it itself.
   * @throws ProblemError `router_busy` when too many wait; the signal's reason when it was given up.
   */
  async run<T>(
    routerId: string,
    kind: 'change' | 'read',
    signal: AbortSignal,
    work: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    const line = this.#lines.get(routerId) ?? {
      changes: new PQueue({ concurrency: 1 }),
      reads: new PQueue({ concurrency: READS_AT_ONCE }),
      begun: 0,
    };
    const queue = kind === 'change' ? line.changes : line.reads;
    if (queue.size >= MAX_WAITING) throw new ProblemError('router_busy');
    this.#lines.set(routerId, line);
    let begun = false;
    const waiting = new AbortController();
    const giveUp = () => {
      if (!begun) waiting.abort(signal.reason);
    };
    signal.addEventListener('abort', giveUp);
    try {
      signal.throwIfAborted();
      return await queue.add(
        () => {
          begun = true;
          if (kind === 'change') line.begun += 1;
          const { begun: before } = line;
          const quiet = line.changes.pending === (kind === 'change' ? 1 : 0);
          return work({ undisturbed: () => quiet && line.begun === before });
        },
        { signal: waiting.signal },
      );
    } finally {
      signal.removeEventListener('abort', giveUp);
      if (idle(line.changes) && idle(line.reads)) this.#lines.delete(routerId);
    }
  }

  /** How many changes are ahead of the next one. */
  changesAhead(routerId: string): number {
    const line = this.#lines.get(routerId);
    return line === undefined ? 0 : line.changes.size + line.changes.pending;
  }
}

function idle(queue: PQueue): boolean {
  return queue.size === 0 && queue.pending === 0;
}
