import type { TerminalSize } from '../../../../contract/sessions.ts';
import type { SizeHistory } from '../../recordings/size-history.ts';
import type { FromScreens, ToScreens } from './messages.ts';

/** Bytes of output in one message, and bytes that may be on the way to the thread. */
const PIECE = 1_048_576;
const AHEAD = 2 * PIECE;
/** Text of at least so many bytes is leaped over, all but its end of so many bytes. */
const LEAST_LEAP = 2 * PIECE;
const LEAP_END = PIECE / 2;
/** Bytes before a leap that are read, as what runs is told by its first lines. */
const LEAP_START = 4_096;
/** Failures over this terminal's output, deaths of the thread and of a disk that gives nothing back included, after which it is left alone. */
const MOST_FAILURES = 2;

/** Output as it is recorded, with the sizes that it was written for. */
export interface ScreenSource {
  /** Bytes that are there. */
  readonly end: () => number;
  /** Milliseconds since the epoch; null before there was output. */
  readonly lastOutputAt: () => number | null;
  readonly sizes: SizeHistory;
  /** Everything from this offset on is text. */
  readonly textFrom: () => number;
  /** At least one byte at `from` < `end`, at most `maxBytes`. */
  read(from: number, maxBytes: number): Promise<Uint8Array>;
}

/** What a terminal shows at an offset of its output. */
export interface ScreenShot extends TerminalSize {
  readonly offset: number;
  /** Draws it on a cleared terminal of this size. */
  readonly state: Uint8Array;
}

/** There is no screen of this terminal. */
export class NoScreenError extends Error {
  override name = 'NoScreenError';
}

export interface ScreenFollowerOptions {
  readonly id: number;
  readonly source: ScreenSource;
  readonly post: (message: ToScreens) => void;
  readonly onClose: () => void;
}

interface Asked {
  readonly offset: number;
  readonly resolve: (shot: ScreenShot) => void;
  readonly reject: (error: Error) => void;
}

/** One terminal's screen: tells the thread of its output as far as it is wanted, and asks for what is shown. */
export class ScreenFollower {
  readonly source: ScreenSource;
  /** What a program called its window. */
  title = '';
  ran: string | null = null;
  /** Told after each piece that was parsed. */
  onReached: () => void = () => {};
  readonly #options: ScreenFollowerOptions;
  #open = false;
  #fed = 0;
  #reached = 0;
  #sizesTold = 0;
  #asked: Asked[] = [];
  #room: (() => void) | null = null;
  #leapt: ((done: boolean) => void) | null = null;
  /** Beginning of the text that cannot be leaped over. */
  #noLeapFrom: number | null = null;
  #turn: Promise<void> = Promise.resolve();
  #turns = 0;
  #failures = 0;
  #closed = false;

  constructor(options: ScreenFollowerOptions) {
    this.#options = options;
    this.source = options.source;
  }

  /** Output up to here has been parsed; infinite for a terminal whose output no screen survives. */
  get reached(): number {
    return this.#failures >= MOST_FAILURES ? Number.POSITIVE_INFINITY : this.#reached;
  }

  /** Bytes not yet parsed. */
  get behind(): number {
    return this.source.end() - this.reached;
  }

  get busy(): boolean {
    return this.#turns > 0;
  }

  /** Reads what there is. Never rejects. */
  catchUp(): Promise<void> {
    return this.#inTurn(() => this.#feed(this.source.end())).catch(() => undefined);
  }

  /** What is shown after all the output that there is now. @throws NoScreenError */
  async screen(): Promise<ScreenShot> {
    const target = this.source.end();
    const asked = await this.#inTurn(async () => {
      await this.#feed(target);
      // In a wrapper, so that the turn does not wait for the answer.
      return {
        shot: new Promise<ScreenShot>((resolve, reject) => {
          this.#asked.push({ offset: this.#fed, resolve, reject });
          this.#options.post({ type: 'screen', id: this.#options.id });
        }),
      };
    });
    return asked.shot;
  }

  hear(message: FromScreens): void {
    switch (message.type) {
      case 'leapt':
      case 'reached':
        if (message.type === 'leapt') this.#leapt?.(message.length > 0);
        this.#reached += message.length;
        this.title = message.title;
        this.ran = message.ran ?? this.ran;
        this.#room?.();
        return this.onReached();
      case 'screen': {
        const { cols, rows, state } = message;
        const asked = this.#asked.shift();
        return asked?.resolve({ offset: asked.offset, cols, rows, state });
      }
      case 'lost':
        if (message.failed) this.#failures += 1;
        this.#startOver();
        return this.onReached();
    }
  }

  /** The thread died. */
  lost(): void {
    if (this.#fed > this.#reached || this.#asked.length > 0) this.#failures += 1;
    this.#startOver();
    this.onReached();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#startOver();
    this.#options.onClose();
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#turns += 1;
    const turn = this.#turn.then(work);
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await turn;
    } finally {
      this.#turns -= 1;
    }
  }

  async #feed(target: number): Promise<void> {
    for (;;) {
      if (this.#closed || this.#failures >= MOST_FAILURES) throw new NoScreenError('nobody follows this terminal');
      this.#tellSizes();
      if (this.#fed >= target) return;
      if (this.#fed - this.#reached >= AHEAD) {
        await new Promise<void>((resolve) => (this.#room = resolve));
        this.#room = null;
        continue;
      }
      const to = Math.min(target, this.source.sizes.at(this.#sizesTold)?.offset ?? target);
      if (this.#mayLeap(to)) {
        await this.#leap(to);
        continue;
      }
      await this.#tell(Math.min(PIECE, to - this.#fed));
    }
  }

  /** @returns false when it was lost while the output was read: from the beginning, then. */
  async #tell(maxBytes: number): Promise<boolean> {
    const { id, post } = this.#options;
    const from = this.#fed;
    const bytes = await this.#read(from, maxBytes);
    if (this.#fed !== from || !this.#open) return false;
    post({ type: 'output', id, bytes: new Uint8Array(bytes) });
    this.#fed += bytes.length;
    return true;
  }

  async #read(from: number, maxBytes: number): Promise<Uint8Array> {
    try {
      const bytes = await this.source.read(from, maxBytes);
      if (bytes.length > 0) return bytes;
      throw new RangeError('there is nothing where output should be');
    } catch (error) {
      // A terminal must not wait for a screen that cannot be made.
      this.#failures += 1;
      this.onReached();
      throw new NoScreenError('the output cannot be read', { cause: error });
    }
  }

  #mayLeap(to: number): boolean {
    const textFrom = this.source.textFrom();
    return to - this.#fed >= LEAST_LEAP && textFrom <= this.#fed && textFrom !== this.#noLeapFrom;
  }

  async #leap(to: number): Promise<void> {
    if (!(await this.#tell(LEAP_START))) return;
    const from = this.#fed;
    const textFrom = this.source.textFrom();
    const parts: Uint8Array[] = [];
    for (let at = to - LEAP_END; at < to; at += parts.at(-1)?.length ?? 0) parts.push(await this.#read(at, to - at));
    if (this.#fed !== from || !this.#open) return;
    const bytes = new Uint8Array(Buffer.concat(parts));
    this.#options.post({ type: 'leap', id: this.#options.id, skipped: to - from - bytes.length, bytes });
    this.#fed = to;
    const done = await new Promise<boolean>((resolve) => (this.#leapt = resolve));
    this.#leapt = null;
    if (done || this.#fed !== to) return;
    this.#fed = from;
    this.#noLeapFrom = textFrom;
  }

  /** Tells the sizes that are due where the output stands. */
  #tellSizes(): void {
    const { id, post } = this.#options;
    const { sizes } = this.source;
    for (let size = sizes.at(this.#sizesTold); size !== undefined; size = sizes.at(this.#sizesTold)) {
      if (this.#open && size.offset > this.#fed) return;
      const { cols, rows } = size;
      post({ type: this.#open ? 'resize' : 'open', id, cols, rows });
      this.#open = true;
      this.#sizesTold = sizes.after(this.#sizesTold);
    }
  }

  #startOver(): void {
    this.#open = false;
    this.#fed = 0;
    this.#reached = 0;
    this.#sizesTold = 0;
    this.#room?.();
    this.#leapt?.(false);
    for (const { reject } of this.#asked.splice(0)) reject(new NoScreenError('the screen was lost'));
  }
}
