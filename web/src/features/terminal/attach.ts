import type { TerminalSize } from '@netpilot/control-plane/contract/sessions.ts';
import type {
  Attached,
  TerminalExit,
  TerminalNotice,
  TerminalStatus,
} from '@netpilot/control-plane/contract/terminal-frames.ts';
import { decodeFrame, encodeFrame } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { reconnectWait } from '../../api/back-off.ts';
import { InputQueue } from './input-queue.ts';
import { OutputLedger } from './output-ledger.ts';

/** Milliseconds after which parsed output is acknowledged at the latest. */
const ACK_DELAY = 50;
/** Bytes of output that a page replays rather than have a screen drawn: at its first visit, and after a break. */
const FIRST_REPLAY = 65_536;
const REPLAY = 1_048_576;
/** A page that was away for this long asks anew: its socket may be dead without knowing it, in milliseconds. */
const AWAY_MS = 10_000;

/** Close codes of the api; any other code is a break to recover from. */
const FINAL_CODES: Readonly<Record<number, AttachmentState>> = {
  4404: 'gone',
  4409: 'taken_over',
  4410: 'ended',
  4423: 'locked',
};
const SIGNED_OUT_CODE = 4401;

export type AttachmentState =
  | 'connecting'
  | 'attached'
  | 'reconnecting'
  /** Another page shows this terminal now. */
  | 'taken_over'
  /** The terminal is not there any more. */
  | 'gone'
  /** The session has ended. */
  | 'ended'
  /** The screen is hidden until the person signs in anew. */
  | 'locked'
  | 'signed_out'
  | 'closed';

/** What the attachment needs of the screen; xterm in a page, a recorder in tests. */
export interface Screen {
  /** Parses `bytes` and calls `done` afterwards; calls keep their order. */
  write(bytes: Uint8Array, done: () => void): void;
  reset(): void;
  /** Gives the screen a size of its own, or null: as many cells as there is room for. */
  setSize(size: TerminalSize | null): void;
  /** A line of ours, told apart from the router's output. */
  say(text: string): void;
  size(): { cols: number; rows: number };
}

export interface AttachmentEvents {
  stateChanged(state: AttachmentState): void;
  exited(exit: TerminalExit): void;
  noticed(notice: TerminalNotice): void;
  /** Who drives, who follows, and whether it is recorded. */
  statusChanged(status: TerminalStatus): void;
  /** Bytes of input not yet with the router. */
  pendingInput(bytes: number): void;
}

export interface AttachmentOptions {
  /** Address of the socket that continues as the query says. */
  address(query: string): string;
  /** Names this page to the api over its reconnects. */
  page?: string;
  screen: Screen;
  events: AttachmentEvents;
  /** Called after a refused or lost socket. @returns false when the person has to sign in again. */
  signedIn(): Promise<boolean>;
  /** Output before this offset is history: its questions were answered when it was new. */
  historyEnd?: number;
  open?(address: string): WebSocket;
}

/** Owns the socket of one terminal, its windows and its timers, until {@link TerminalAttachment.close}. */
export class TerminalAttachment {
  readonly #options: AttachmentOptions;
  readonly #output = new OutputLedger();
  readonly #input = new InputQueue();
  #socket: WebSocket | null = null;
  #status: TerminalStatus | null = null;
  /** Bytes of a screen that are still to be drawn. */
  #drawing = 0;
  #hiddenSince: number | null = null;
  #state: AttachmentState = 'connecting';
  #attempt = 0;
  #begun = false;
  /** Counts attachments, so that a write callback of an older one is not counted for a newer one. */
  #generation = 0;
  #unparsed = 0;
  #waitingForScreen = false;
  #hole = false;
  #exited = false;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AttachmentOptions) {
    this.#options = options;
    this.#connect();
  }

  /** The page was hidden, or is seen again: what broke meanwhile is taken up at once. */
  seen(visible: boolean): void {
    if (!visible) {
      this.#hiddenSince ??= Date.now();
      return;
    }
    const away = this.#hiddenSince === null ? 0 : Date.now() - this.#hiddenSince;
    this.#hiddenSince = null;
    if (away >= AWAY_MS) this.renew();
    else this.#hurry();
  }

  /** The network may be another one: asks anew, unless input is on its way whose fate would not be known then. */
  renew(): void {
    if (this.#state === 'attached' && this.#input.inFlight === 0) {
      const socket = this.#socket;
      this.#attempt = 0;
      void this.#lost(1006);
      socket?.close(1000);
    }
    this.#hurry();
  }

  /** Drives from now on; whoever drove follows. */
  takeOver(): void {
    this.#transmit(encodeFrame({ type: 'takeOver' }));
  }

  get state(): AttachmentState {
    return this.#state;
  }

  /** True while history is parsed: the screen must not answer questions in it. */
  get replaying(): boolean {
    return this.#drawing > 0 || this.#output.parsed < (this.#options.historyEnd ?? 0);
  }

  /** @returns false when nothing of `bytes` was accepted: the queue is full, typing is paused after a loss, or the terminal is over. */
  send(bytes: Uint8Array): boolean {
    if (this.#exited || this.#held() || (this.#state !== 'attached' && (this.#hole || this.#final()))) return false;
    if (!this.#input.add(bytes)) return false;
    this.#pump();
    return true;
  }

  /** Gives up input that was not sent yet. */
  cancelInput(): void {
    this.#input.clear();
    this.#options.events.pendingInput(this.#input.pending);
  }

  /** Tells the router the size of the screen; on reconnect it is told again. */
  resize(): void {
    if (this.#state !== 'attached' || this.#status?.role !== 'driver') return;
    this.#transmit(encodeFrame({ type: 'resize', ...this.#options.screen.size() }));
  }

  /** Takes the terminal back from another page. */
  takeBack(): void {
    if (this.#state !== 'taken_over') return;
    this.#become('reconnecting');
    this.#attempt = 0;
    this.#resume();
  }

  close(): void {
    this.#become('closed');
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#retryTimer);
    this.#socket?.close(1000);
    this.#socket = null;
  }

  /** Whether what is typed here reaches the router. */
  get drives(): boolean {
    return !this.#held();
  }

  /** What is typed here counts for nothing: somebody else drives, or nothing may be typed. */
  #held(): boolean {
    return this.#status !== null && (this.#status.role !== 'driver' || this.#status.trouble !== null);
  }

  #final(): boolean {
    return this.#state !== 'connecting' && this.#state !== 'attached' && this.#state !== 'reconnecting';
  }

  #connect(): void {
    if (this.#final()) return;
    const address = this.#options.address(this.#query());
    const socket = this.#options.open?.(address) ?? new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    socket.addEventListener('close', ({ code }) => {
      if (socket === this.#socket) void this.#lost(code);
    });
  }

  #query(): string {
    const query = new URLSearchParams({
      offset: String(this.#output.parsed),
      replay: String(this.#begun ? REPLAY : FIRST_REPLAY),
    });
    if (this.#options.page !== undefined) query.set('page', this.#options.page);
    // Who followed goes on following, also where nobody drives now.
    if (this.#status !== null && this.#status.role !== 'driver') query.set('role', 'follower');
    return query.toString();
  }

  #receive(data: unknown): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError('a text frame');
      const frame = decodeFrame(new Uint8Array(data));
      if (frame.type === 'attached') this.#begin(frame.value);
      else if (frame.type === 'status') this.#heard(frame.value);
      else if (this.#state !== 'attached') throw new TypeError('a frame before attached');
      else if (frame.type === 'output') this.#show(this.#output.receive(frame.offset, frame.bytes));
      else if (frame.type === 'taken') this.#took(frame.total);
      else if (frame.type === 'screen') this.#draw(frame.bytes);
      else if (frame.type === 'resized') this.#resized({ cols: frame.cols, rows: frame.rows });
      else if (frame.type === 'exit') this.#exit(frame.value);
      else if (frame.type === 'notice') this.#options.events.noticed(frame.value);
    } catch {
      // Nothing of a frame that is not ours is used; the next attachment begins from what the screen has parsed.
      const socket = this.#socket;
      this.#socket = null;
      socket?.close(4400);
      void this.#lost(1006);
    }
  }

  #begin({ offset, truncated, screen: drawn = 0, cols, rows }: Attached): void {
    const { screen } = this.#options;
    // What is left of an earlier attachment is parsed before the screen changes.
    this.#generation += 1;
    this.#unparsed = 0;
    if (drawn > 0 || (this.#begun && offset !== this.#output.parsed)) {
      screen.write(new Uint8Array(0), () => screen.reset());
      if (truncated) screen.say('Some output between was not kept. The screen starts anew here.');
    } else if (!this.#begun && truncated) {
      screen.say('Earlier output is no longer kept.');
    }
    if (drawn > 0 || !this.#begun) this.#resized({ cols, rows });
    this.#drawing = drawn;
    this.#begun = true;
    this.#hole = false;
    this.#attempt = 0;
    this.#output.begin(offset);
    this.#become('attached');
    if (drawn === 0) this.#fit();
    this.#pump();
  }

  #draw(bytes: Uint8Array): void {
    const generation = this.#generation;
    this.#options.screen.write(bytes, () => {
      if (generation !== this.#generation) return;
      this.#drawing -= bytes.length;
      if (this.#drawing <= 0) this.#fit();
    });
  }

  /** Whoever drives has a size, from here on in the output. */
  #resized(size: TerminalSize): void {
    const { screen } = this.#options;
    screen.write(new Uint8Array(0), () => {
      if (this.#drawing > 0 || this.#status?.role !== 'driver') screen.setSize(size);
    });
  }

  /** Who drives has the size of their page, once what is drawn for another size is there. */
  #fit(): void {
    if (this.#drawing > 0 || this.#status?.role !== 'driver') return;
    const { screen } = this.#options;
    screen.write(new Uint8Array(0), () => {
      screen.setSize(null);
      this.resize();
    });
  }

  #heard(status: TerminalStatus): void {
    const before = this.#status?.role;
    this.#status = status;
    if (status.role !== 'driver' && before === 'driver') {
      // Whoever drives now decides what is typed; what waited here is not.
      this.#input.breakOff();
      this.#input.clear();
      this.#options.screen.setSize(this.#options.screen.size());
      this.#options.events.pendingInput(this.#input.pending);
    } else if (status.role === 'driver' && before !== 'driver' && this.#state === 'attached') this.#fit();
    this.#options.events.statusChanged(status);
  }

  #show(bytes: Uint8Array): void {
    const left = (this.#options.historyEnd ?? 0) - (this.#output.parsed + this.#unparsed);
    // Cut where history ends, so that a question right behind it is answered.
    if (left > 0 && left < bytes.length) {
      this.#write(bytes.subarray(0, left));
      this.#write(bytes.subarray(left));
    } else if (bytes.length > 0) {
      this.#write(bytes);
    }
  }

  #write(bytes: Uint8Array): void {
    const generation = this.#generation;
    this.#unparsed += bytes.length;
    this.#options.screen.write(bytes, () => {
      if (generation !== this.#generation) return;
      this.#unparsed -= bytes.length;
      if (this.#output.parse(bytes.length)) this.#acknowledge();
      else this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_DELAY);
      // The socket broke while this was parsed, and waited for it.
      if (this.#unparsed === 0 && this.#state === 'reconnecting' && this.#waitingForScreen) this.#retry();
    });
  }

  #acknowledge(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#state !== 'attached') return;
    const offset = this.#output.acknowledge();
    if (offset !== null) this.#transmit(encodeFrame({ type: 'ack', offset }));
  }

  #took(total: number): void {
    this.#input.take(total);
    this.#pump();
  }

  #pump(): void {
    if (this.#state === 'attached') {
      for (let bytes = this.#input.next(); bytes; bytes = this.#input.next()) {
        this.#transmit(encodeFrame({ type: 'input', bytes }));
      }
    }
    this.#options.events.pendingInput(this.#input.pending);
  }

  #transmit(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === 1) this.#socket.send(frame);
  }

  #exit(exit: TerminalExit): void {
    this.#exited = true;
    this.#input.clear();
    this.#options.events.exited(exit);
  }

  async #lost(code: number): Promise<void> {
    this.#socket = null;
    if (this.#final()) return;
    const final = FINAL_CODES[code];
    const given = this.#input.breakOff();
    this.#hole ||= given > 0;
    if (given > 0 && !final && !this.#exited) {
      this.#options.screen.say(`The connection broke; ${given} bytes of your input may not have arrived.`);
    }
    this.#options.events.pendingInput(this.#input.pending);
    // After its exit a terminal has nothing more to say.
    if (final || this.#exited) return this.#become(final ?? 'gone');
    this.#become('reconnecting');
    if (code === SIGNED_OUT_CODE || this.#attempt > 0) {
      if (!(await this.#options.signedIn())) return this.#become('signed_out');
      if (this.#final()) return;
    }
    this.#resume();
  }

  #resume(): void {
    // The next attachment asks from the parsed offset; what is still in the screen's queue counts only once it is parsed.
    if (this.#unparsed > 0) this.#waitingForScreen = true;
    else this.#retry();
  }

  #retry(): void {
    this.#waitingForScreen = false;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#again(), reconnectWait(this.#attempt));
    this.#attempt += 1;
  }

  #again(): void {
    this.#retryTimer = undefined;
    this.#connect();
  }

  /** Does not wait any longer for the next try. */
  #hurry(): void {
    if (this.#retryTimer === undefined) return;
    clearTimeout(this.#retryTimer);
    this.#attempt = 0;
    this.#again();
  }

  #become(state: AttachmentState): void {
    if (state === this.#state || this.#state === 'closed') return;
    this.#state = state;
    this.#options.events.stateChanged(state);
  }
}
