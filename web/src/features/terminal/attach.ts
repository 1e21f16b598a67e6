import type { Attached, TerminalExit, TerminalNotice } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { decodeFrame, encodeFrame } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { reconnectWait } from '../../api/back-off.ts';
import { InputQueue } from './input-queue.ts';
import { OutputLedger } from './output-ledger.ts';

/** Milliseconds after which parsed output is acknowledged at the latest. */
const ACK_DELAY = 50;

/** Close codes of the api; any other code is a break to recover from. */
const FINAL_CODES: Readonly<Record<number, AttachmentState>> = {
  4404: 'gone',
  4409: 'taken_over',
  4410: 'ended',
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
  | 'signed_out'
  | 'closed';

/** What the attachment needs of the screen; xterm in a page, a recorder in tests. */
export interface Screen {
  /** Parses `bytes` and calls `done` afterwards; calls keep their order. */
  write(bytes: Uint8Array, done: () => void): void;
  reset(): void;
  /** A line of ours, told apart from the router's output. */
  say(text: string): void;
  size(): { cols: number; rows: number };
}

export interface AttachmentEvents {
  stateChanged(state: AttachmentState): void;
  exited(exit: TerminalExit): void;
  noticed(notice: TerminalNotice): void;
  /** Bytes of input not yet with the router. */
  pendingInput(bytes: number): void;
}

export interface AttachmentOptions {
  /** Address of the socket that continues at `offset`. */
  address(offset: number): string;
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

  get state(): AttachmentState {
    return this.#state;
  }

  /** True while history is parsed: the screen must not answer questions in it. */
  get replaying(): boolean {
    return this.#output.parsed < (this.#options.historyEnd ?? 0);
  }

  /** @returns false when nothing of `bytes` was accepted: the queue is full, typing is paused after a loss, or the terminal is over. */
  send(bytes: Uint8Array): boolean {
    if (this.#exited || (this.#state !== 'attached' && (this.#hole || this.#final()))) return false;
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
    if (this.#state === 'attached') this.#transmit(encodeFrame({ type: 'resize', ...this.#options.screen.size() }));
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

  #final(): boolean {
    return this.#state !== 'connecting' && this.#state !== 'attached' && this.#state !== 'reconnecting';
  }

  #connect(): void {
    if (this.#final()) return;
    const address = this.#options.address(this.#output.parsed);
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

  #receive(data: unknown): void {
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError('a text frame');
      const frame = decodeFrame(new Uint8Array(data));
      if (frame.type === 'attached') this.#begin(frame.value);
      else if (this.#state !== 'attached') throw new TypeError('a frame before attached');
      else if (frame.type === 'output') this.#show(this.#output.receive(frame.offset, frame.bytes));
      else if (frame.type === 'taken') this.#took(frame.total);
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

  #begin({ offset, truncated }: Attached): void {
    if (this.#begun && (truncated || offset !== this.#output.parsed)) {
      this.#options.screen.reset();
      this.#options.screen.say('Some output between was not kept. The screen starts anew here.');
    } else if (!this.#begun && truncated) {
      this.#options.screen.say('Earlier output is no longer kept.');
    }
    this.#begun = true;
    this.#generation += 1;
    this.#unparsed = 0;
    this.#hole = false;
    this.#attempt = 0;
    this.#output.begin(offset);
    this.#become('attached');
    this.resize();
    this.#pump();
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
    this.#retryTimer = setTimeout(() => this.#connect(), reconnectWait(this.#attempt));
    this.#attempt += 1;
  }

  #become(state: AttachmentState): void {
    if (state === this.#state || this.#state === 'closed') return;
    this.#state = state;
    this.#options.events.stateChanged(state);
  }
}
