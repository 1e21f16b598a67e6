import type { WebSocket } from 'ws';
import type { TerminalSize } from '../../../contract/sessions.ts';
import {
  INPUT_WINDOW,
  MAX_FRAME,
  OUTPUT_WINDOW,
  type TerminalExit,
  type TerminalFrame,
  type TerminalNotice,
  type TerminalStatus,
  encodeFrame,
} from '../../../contract/terminal-frames.ts';
import type { Actor } from '../access/actor.ts';
import { CLOSE, closeSocket } from '../events/person-sockets.ts';
import type { SizeHistory } from '../recordings/size-history.ts';
import { OUTPUT_HEADER, readPageFrame } from './frame-check.ts';
import { type RecentOutput, outputFrame } from './recent-output.ts';
import type { ScreenShot } from './screens/screen-follower.ts';

/** Bytes that may wait in a socket before we wait for it. */
const SOCKET_BACKLOG = 262_144;
/** Bytes of older output, or of a screen, in one frame. */
const PIECE = 65_536;
/** Input that was taken is told after so many bytes, or at the latest after so long (milliseconds). */
const TAKEN_BYTES = INPUT_WINDOW / 8;
const TAKEN_MS = 50;
/** A page that does not drive and is further behind goes on from the screen of now, at most so often (milliseconds). */
const MOST_BEHIND = OUTPUT_WINDOW;
const SKIP_EVERY_MS = 500;

/** What somebody may do at a terminal: drive their own, take over as a peer, or watch. */
export type ViewerAccess = 'own' | 'peer' | 'watch';

/** Who is at a terminal, and with what. */
export interface ViewerIdentity {
  readonly actor: Actor;
  readonly access: ViewerAccess;
  /** The browser's own description of itself. */
  readonly agent: string | null;
  /** Names a page of a person over its reconnects; it gives no right. */
  readonly page: string | null;
}

/** From where a page wants to go on. */
export interface Resumption {
  /** Output below is on its screen. */
  readonly offset: number;
  /** Bytes of output that it would rather replay than get a screen. */
  readonly replay: number;
}

/** What a viewer needs of its terminal. */
export interface ViewedTerminal {
  readonly recent: RecentOutput;
  readonly sizes: SizeHistory;
  /** How it ended, once all its output is recorded. */
  readonly exit: TerminalExit | null;
  /** Resolves when there is something to be shown. */
  readonly opened: Promise<void>;
  read(from: number, maxBytes: number): Promise<Uint8Array>;
  screen(): Promise<ScreenShot>;
  statusFor(viewer: Viewer): TerminalStatus;
  drives(viewer: Viewer): boolean;
  /** @returns false when this one's input is refused. */
  input(viewer: Viewer, frame: Buffer): boolean;
  resize(viewer: Viewer, size: TerminalSize): void;
  takeOver(viewer: Viewer): void;
  /** It has parsed more. */
  acknowledged(viewer: Viewer): void;
  left(viewer: Viewer): void;
}

/** One page at a terminal: its socket, its place in the output, its windows. Owner of the end of its socket. */
export class Viewer {
  readonly identity: ViewerIdentity;
  readonly since = Date.now();
  readonly #socket: WebSocket;
  readonly #terminal: ViewedTerminal;
  readonly #resumption: Resumption;
  /** Offset of the next byte to send; null while a screen is made. */
  #position: number | null = null;
  #acked = 0;
  /** Number of the next change of size to tell. */
  #size = 0;
  #received = 0;
  #taken = 0;
  #takenTold = 0;
  #takenTimer: NodeJS.Timeout | undefined;
  #reading = false;
  #skippedAt = 0;
  #skipTimer: NodeJS.Timeout | undefined;
  #over = false;

  /** Listens to the socket before it returns; {@link Viewer.begin} starts it. */
  constructor(socket: WebSocket, identity: ViewerIdentity, resumption: Resumption, terminal: ViewedTerminal) {
    this.identity = identity;
    this.#socket = socket;
    this.#terminal = terminal;
    this.#resumption = resumption;
    socket.on('message', (data, isBinary) => this.#fromPage(data as Buffer, isBinary));
    socket.once('close', () => this.#finish());
  }

  /** Output below is parsed by the page; null until it has a place. */
  get acked(): number | null {
    return this.#position === null ? null : this.#acked;
  }

  /** Waits until the terminal can be shown, then shows it. */
  begin(): void {
    this.#terminal.opened.then(
      () => {
        if (this.#over) return;
        const { offset, replay } = this.#resumption;
        const { end } = this.#terminal.recent;
        if (offset <= end && end - offset <= replay) this.#replayFrom(offset, false);
        else this.#showScreen();
      },
      () => this.close(CLOSE.tryAgain, 'the terminal is away'),
    );
  }

  /** Sends what there is, within the windows. */
  pump(): void {
    const { recent, sizes } = this.#terminal;
    while (!this.#over && this.#position !== null && !this.#reading) {
      const change = sizes.at(this.#size);
      if (change !== undefined && change.offset <= this.#position) {
        this.#size = sizes.after(this.#size);
        this.#send({ type: 'resized', cols: change.cols, rows: change.rows });
        continue;
      }
      if (this.#position === recent.end) return this.#atEnd();
      if (this.#socket.bufferedAmount > SOCKET_BACKLOG) return;
      if (recent.end - this.#position > MOST_BEHIND && !this.#terminal.drives(this)) return this.#skip();
      const frame = recent.frameAt(this.#position);
      if (frame === null) return this.#readBack(this.#position, change?.offset ?? recent.start);
      const length = frame.length - OUTPUT_HEADER;
      if (this.#position + length - this.#acked > OUTPUT_WINDOW) return;
      this.#position += length;
      this.#sendRaw(frame);
    }
  }

  /** Bytes of this one's input have been taken by the router, or went nowhere. */
  credit(bytes: number): void {
    this.#taken += bytes;
    // At once it would go to the page before the echo that it comes with.
    if (this.#taken - this.#takenTold >= TAKEN_BYTES) this.#tellTaken();
    else this.#takenTimer ??= setTimeout(() => this.#tellTaken(), TAKEN_MS);
  }

  tellStatus(): void {
    this.#send({ type: 'status', value: this.#terminal.statusFor(this) });
  }

  notice(notice: TerminalNotice): void {
    this.#send({ type: 'notice', value: notice });
  }

  close(code: number, reason: string): void {
    if (this.#over) return;
    this.#finish();
    closeSocket(this.#socket, code, reason);
  }

  #fromPage(data: Buffer, isBinary: boolean): void {
    if (this.#over) return;
    try {
      if (!isBinary || data.length > MAX_FRAME) throw new TypeError('not a frame');
      const frame = readPageFrame(data);
      if (frame.type === 'input') this.#input(data, frame.bytes.length);
      else if (frame.type === 'ack') this.#acknowledge(frame.offset);
      else if (frame.type === 'resize') this.#terminal.resize(this, { cols: frame.cols, rows: frame.rows });
      else this.#terminal.takeOver(this);
    } catch {
      this.close(CLOSE.badFrame, 'a bad frame');
    }
  }

  #input(data: Buffer, bytes: number): void {
    if (bytes === 0) return;
    this.#received += bytes;
    if (this.#received - this.#taken > INPUT_WINDOW) throw new RangeError('more input than the window allows');
    if (this.#terminal.input(this, data)) return;
    // It went nowhere; so that the page does not wait for it, and knows why.
    this.#taken += bytes;
    this.#tellTaken();
    this.tellStatus();
  }

  #acknowledge(offset: number): void {
    if (this.#position === null || offset <= this.#acked) return;
    if (offset > this.#position) throw new RangeError('output that was never sent');
    this.#acked = offset;
    this.#terminal.acknowledged(this);
    this.pump();
  }

  #replayFrom(offset: number, truncated: boolean): void {
    this.#place(offset);
    this.#send({ type: 'attached', value: { offset, truncated, ...this.#terminal.sizes.sizeAt(offset) } });
    this.#terminal.acknowledged(this);
    this.pump();
  }

  #showScreen(): void {
    this.#position = null;
    this.#terminal.screen().then(
      ({ offset, cols, rows, state }) => {
        if (this.#over) return;
        this.#place(offset);
        this.#send({
          type: 'attached',
          value: { offset, truncated: false, cols, rows, ...(state.length === 0 ? {} : { screen: state.length }) },
        });
        for (let at = 0; at < state.length; at += PIECE) {
          this.#send({ type: 'screen', bytes: state.subarray(at, at + PIECE) });
        }
        this.#terminal.acknowledged(this);
        this.pump();
      },
      // No screen survives this output: then what is still there, as it came.
      () => {
        if (!this.#over) this.#replayFrom(this.#terminal.recent.start, true);
      },
    );
  }

  #place(offset: number): void {
    this.#position = offset;
    this.#acked = offset;
    this.#size = this.#terminal.sizes.numberAt(offset);
  }

  #atEnd(): void {
    const { exit } = this.#terminal;
    if (exit === null) return;
    this.#send({ type: 'exit', value: exit });
    this.close(1000, 'the terminal has ended');
  }

  /** It lags, and nobody waits for its acknowledgement: once it has parsed what it got it goes on from the screen of now. */
  #skip(): void {
    if (this.#acked !== this.#position) return;
    const wait = this.#skippedAt + SKIP_EVERY_MS - Date.now();
    if (wait > 0) {
      this.#skipTimer ??= setTimeout(() => {
        this.#skipTimer = undefined;
        this.pump();
      }, wait);
      return;
    }
    this.#skippedAt = Date.now();
    this.#showScreen();
  }

  /** Older output, from the recording. @param until offset at which the next change of size, or recent output, begins */
  #readBack(position: number, until: number): void {
    const room = Math.min(PIECE, this.#acked + OUTPUT_WINDOW - position, until - position);
    if (room <= 0) return;
    this.#reading = true;
    this.#terminal.read(position, room).then(
      (bytes) => {
        this.#reading = false;
        if (this.#over || this.#position !== position) return;
        this.#position += bytes.length;
        this.#sendRaw(outputFrame(position, bytes));
        this.pump();
      },
      () => this.close(CLOSE.tryAgain, 'the recording cannot be read'),
    );
  }

  #tellTaken(): void {
    clearTimeout(this.#takenTimer);
    this.#takenTimer = undefined;
    this.#takenTold = this.#taken;
    this.#send({ type: 'taken', total: this.#taken });
  }

  #send(frame: TerminalFrame): void {
    this.#sendRaw(encodeFrame(frame));
  }

  #sendRaw(frame: Uint8Array): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    // Only a frame that fills the socket has to say when it is gone.
    if (socket.bufferedAmount + frame.length > SOCKET_BACKLOG) socket.send(frame, this.#sent);
    else socket.send(frame);
  }

  readonly #sent = () => this.pump();

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#skipTimer);
    clearTimeout(this.#takenTimer);
    this.#terminal.left(this);
  }
}
