import type WebSocket from 'ws';
import {
  type Attached,
  decodeFrame,
  encodeFrame,
  INPUT_WINDOW,
  type TerminalExit,
  type TerminalFrame,
  type TerminalStatus,
} from '../../contract/terminal-frames.ts';
import { eventually } from './eventually.ts';

/** Output kept for looking at; older bytes are counted only. */
const KEPT = 4_194_304;

/** A page's terminal without a screen: acknowledges what it has read, and keeps its text and the frames that are no output. */
export class TerminalClient {
  readonly id: number;
  readonly attached: Promise<Attached>;
  readonly closed: Promise<number>;
  /** Offset behind the last byte read. */
  offset = 0;
  exit: TerminalExit | null = null;
  /** What it is here, who else is, as it was told last. */
  status: TerminalStatus | null = null;
  /** Everything but output, in order. */
  readonly frames: TerminalFrame[] = [];
  /** What drew the screen that it began with; empty where output was replayed. */
  screen: Buffer = Buffer.alloc(0);
  /** Input bytes that the router has taken of this attachment. */
  taken = 0;
  #sent = 0;
  readonly #socket: WebSocket;
  #chunks: Buffer[] = [];
  #kept = 0;
  #reading = true;

  constructor(id: number, socket: WebSocket) {
    this.id = id;
    this.#socket = socket;
    socket.binaryType = 'nodebuffer';
    this.closed = new Promise((resolve) => socket.on('close', (code) => resolve(code)));
    this.attached = new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', (code) => reject(new Error(`closed with ${code} before it was attached`)));
      socket.on('message', (data: Buffer) => {
        const frame = decodeFrame(data);
        if (frame.type !== 'output') this.frames.push(frame);
        if (frame.type === 'attached') {
          this.offset = frame.value.offset;
          this.screen = Buffer.alloc(0);
          resolve(frame.value);
        } else if (frame.type === 'screen') this.screen = Buffer.concat([this.screen, frame.bytes]);
        else if (frame.type === 'status') this.status = frame.value;
        else if (frame.type === 'output') this.#take(frame.offset, frame.bytes);
        else if (frame.type === 'exit') this.exit = frame.value;
        else if (frame.type === 'taken') this.taken = frame.total;
      });
    });
    // A refused attach is the caller's to see; without one waiting it is not an unhandled rejection.
    this.attached.catch(() => undefined);
  }

  /** The screen it began with, if any, and everything read since, as far as it is kept. */
  get text(): string {
    return Buffer.concat([this.screen, ...this.#chunks]).toString('utf8');
  }

  /** Output read so far, as far as it is kept. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  type(text: string): void {
    const bytes = Buffer.from(text);
    this.#sent += bytes.length;
    this.#socket.send(encodeFrame({ type: 'input', bytes }));
  }

  /** Types `block` again and again, `total` bytes in all, as fast as the router takes it. */
  async paste(block: string, total: number): Promise<void> {
    for (let left = total; left > 0; left -= block.length) {
      const piece = block.slice(0, left);
      await eventually('room for input', () => this.#sent + piece.length - this.taken <= INPUT_WINDOW);
      this.type(piece);
    }
  }

  takeOver(): void {
    this.#socket.send(encodeFrame({ type: 'takeOver' }));
  }

  /** Waits until the api says that it is. */
  becomes(role: TerminalStatus['role']): Promise<unknown> {
    return eventually(`the page to be ${role}`, () => this.status?.role === role);
  }

  resize(cols: number, rows: number): void {
    this.#socket.send(encodeFrame({ type: 'resize', cols, rows }));
  }

  /** Sends bytes as they are, to attack. */
  sendRaw(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  /** Stops or goes on acknowledging. */
  setReading(reading: boolean): void {
    this.#reading = reading;
    if (reading) this.#acknowledge();
  }

  /** Waits for text in the output. */
  async sees(text: string | RegExp): Promise<string> {
    return eventually(`the terminal to show ${String(text)}`, () => {
      const now = this.text;
      return (typeof text === 'string' ? now.includes(text) : text.test(now)) ? now : null;
    });
  }

  close(): void {
    this.#socket.terminate();
  }

  #take(offset: number, bytes: Uint8Array): void {
    if (offset !== this.offset) throw new Error(`output at ${offset}, expected ${this.offset}`);
    this.offset += bytes.length;
    this.#chunks.push(Buffer.from(bytes));
    this.#kept += bytes.length;
    while (this.#kept > KEPT) this.#kept -= this.#chunks.shift()?.length ?? 0;
    if (this.#reading) this.#acknowledge();
  }

  #acknowledge(): void {
    if (this.#socket.readyState === this.#socket.OPEN)
      this.#socket.send(encodeFrame({ type: 'ack', offset: this.offset }));
  }
}
