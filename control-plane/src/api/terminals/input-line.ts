import { INPUT_WINDOW } from '../../../contract/terminal-frames.ts';

/** Type (1) in front of input. */
const INPUT_HEADER = 1;

interface Waiting<Owner> {
  readonly owner: Owner;
  readonly frame: Buffer;
}

export interface InputLineOptions<Owner> {
  /** Gives a frame to the agent. @returns false while the agent is away */
  readonly write: (frame: Buffer) => boolean;
  /** Bytes of an owner's that the router has taken, or that went nowhere. */
  readonly credit: (owner: Owner, bytes: number) => void;
}

/**
 * Input of several pages on its way to one agent, in order. At most `INPUT_WINDOW` bytes are on the way; what waits is bounded by the windows
 * of its owners.
 */
export class InputLine<Owner> {
  readonly #options: InputLineOptions<Owner>;
  /** Whose bytes are on the way, in order. */
  #sent: { owner: Owner; bytes: number }[] = [];
  #sentBytes = 0;
  #taken = 0;
  #waiting: Waiting<Owner>[] = [];

  constructor(options: InputLineOptions<Owner>) {
    this.#options = options;
  }

  push(owner: Owner, frame: Buffer): void {
    if (this.#waiting.length > 0 || !this.#send(owner, frame)) this.#waiting.push({ owner, frame });
  }

  /** The agent is attached (again). */
  pump(): void {
    let next = this.#waiting[0];
    while (next !== undefined && this.#send(next.owner, next.frame)) {
      this.#waiting.shift();
      next = this.#waiting[0];
    }
  }

  /** The router has taken `total` bytes since the agent was attached; a number that was never sent is not believed. */
  taken(total: number): void {
    let fresh = Math.min(total - this.#taken, this.#sentBytes);
    if (fresh <= 0) return;
    this.#taken += fresh;
    this.#sentBytes -= fresh;
    for (let first = this.#sent[0]; fresh > 0 && first !== undefined; first = this.#sent[0]) {
      const bytes = Math.min(fresh, first.bytes);
      first.bytes -= bytes;
      fresh -= bytes;
      if (first.bytes === 0) this.#sent.shift();
      this.#options.credit(first.owner, bytes);
    }
    this.pump();
  }

  /** The agent is gone. @returns those of whose input nobody knows whether it arrived; what of theirs waited is dropped. */
  broke(): Set<Owner> {
    const uncertain = new Set(this.#sent.map(({ owner }) => owner));
    this.#sent = [];
    this.#sentBytes = 0;
    this.#taken = 0;
    this.#waiting = this.#waiting.filter(({ owner }) => !uncertain.has(owner));
    return uncertain;
  }

  /** Drops what of an owner waits; what is on its way goes on. */
  drop(owner: Owner): void {
    const dropped = this.#waiting.filter((waiting) => waiting.owner === owner);
    this.#waiting = this.#waiting.filter((waiting) => waiting.owner !== owner);
    for (const { frame } of dropped) this.#options.credit(owner, frame.length - INPUT_HEADER);
    this.pump();
  }

  #send(owner: Owner, frame: Buffer): boolean {
    const bytes = frame.length - INPUT_HEADER;
    if (this.#sentBytes + bytes > INPUT_WINDOW || !this.#options.write(frame)) return false;
    this.#sentBytes += bytes;
    const last = this.#sent.at(-1);
    if (last?.owner === owner) last.bytes += bytes;
    else this.#sent.push({ owner, bytes });
    return true;
  }
}
