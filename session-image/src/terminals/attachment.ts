import type { ServerHttp2Stream } from 'node:http2';
import {
  decodeFrame,
  encodeFrame,
  FRAME,
  FrameReader,
  INPUT_WINDOW,
  isTowardsTerminal,
  OUTPUT_WINDOW,
  withLength,
} from '@netpilot/control-plane/contract/terminal-frames.ts';
import type { TerminalExit, TerminalFrame, TerminalNotice } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { cancelStream, finishStream } from '../link/streams.ts';
import type { OutputRing } from './output-ring.ts';

/** Bytes of output in one frame, and bytes that may wait in the stream before we wait for it to drain. */
const OUTPUT_FRAME = 65_536;
const STREAM_BACKLOG = 262_144;
/** Length (4), type (1) and offset (8) in front of the output. */
const OUTPUT_HEADER = 13;
/** Input that was taken is reported after so many bytes, or with the echo that it usually brings, or at the latest after so long. */
const TAKEN_BYTES = INPUT_WINDOW / 8;
const TAKEN_MS = 50;

/** What an attachment may do to its terminal. */
export interface AttachedTerminal {
  readonly ring: OutputRing;
  /** Hands input to the router; `taken` is called once it is on its way. @returns false when too much waits already */
  input(bytes: Uint8Array, taken: () => void): boolean;
  resize(cols: number, rows: number): void;
  /** The floor of the ring moved: there may be room for more output. */
  acknowledged(): void;
  /** How it ended, once all output is in the ring. */
  readonly exit: TerminalExit | null;
  readonly size: { cols: number; rows: number };
}

/** One reader and writer of a terminal, on one stream. It ends when its stream does, at a take-over, and after the exit frame. */
export class Attachment {
  readonly #stream: ServerHttp2Stream;
  readonly #terminal: AttachedTerminal;
  readonly #frames = new FrameReader();
  #sent: number;
  #acked: number;
  #received = 0;
  #taken = 0;
  #takenReported = 0;
  #takenTimer: NodeJS.Timeout | undefined;
  #scheduled = false;
  #ended = false;

  /** @param from offset at which the replay begins; it must be kept */
  constructor(stream: ServerHttp2Stream, terminal: AttachedTerminal, from: number, truncated: boolean) {
    this.#stream = stream;
    this.#terminal = terminal;
    this.#sent = from;
    this.#acked = from;
    stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
    this.#send({ type: 'attached', value: { offset: from, truncated, ...terminal.size } });
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('drain', () => this.pump());
    stream.once('close', () => clearTimeout(this.#takenTimer));
    this.pump();
  }

  /** Sends what may be sent after the current turn, so that the packets of one read share a frame. */
  wake(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.pump();
    });
  }

  /** Sends output within the window, then `exit` when all is sent. */
  pump(): void {
    const { ring } = this.#terminal;
    const before = this.#sent;
    while (!this.#ended && !this.#stream.destroyed) {
      const length = Math.min(ring.end - this.#sent, this.#acked + OUTPUT_WINDOW - this.#sent, OUTPUT_FRAME);
      if (length <= 0 || this.#stream.writableLength > STREAM_BACKLOG) break;
      const frame = Buffer.allocUnsafe(OUTPUT_HEADER + length);
      frame.writeUInt32BE(9 + length, 0);
      frame[4] = FRAME.output;
      frame.writeBigUInt64BE(BigInt(this.#sent), 5);
      ring.copy(this.#sent, length, frame, OUTPUT_HEADER);
      this.#sent += length;
      this.#stream.write(frame);
    }
    if (this.#sent > before) this.#reportTaken();
    const { exit } = this.#terminal;
    if (exit && this.#sent === ring.end && !this.#ended) {
      this.#send({ type: 'exit', value: exit });
      this.#end();
    }
  }

  /** Ends the attachment with a last word. */
  notify(value: TerminalNotice): void {
    if (this.#ended) return;
    this.#send({ type: 'notice', value });
    this.#end();
  }

  /** Ends the attachment with the terminal, whether or not all output could be sent. */
  close(exit: TerminalExit): void {
    if (this.#ended) return;
    this.#send({ type: 'exit', value: exit });
    this.#end();
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      for (const bytes of this.#frames.push(chunk)) {
        const frame = decodeFrame(bytes);
        if (!isTowardsTerminal(frame)) return this.#cut();
        if (frame.type === 'input') this.#input(frame.bytes);
        else if (frame.type === 'resize') this.#terminal.resize(frame.cols, frame.rows);
        else this.#acknowledge(frame.offset);
        if (this.#ended) return;
      }
    } catch {
      this.#cut();
    }
  }

  #input(bytes: Uint8Array): void {
    this.#received += bytes.length;
    if (this.#received - this.#taken > INPUT_WINDOW) return this.#cut();
    const accepted = this.#terminal.input(bytes, () => {
      this.#taken += bytes.length;
      // At once it would wake api and page in the very moment in which the router works on the key.
      if (this.#taken - this.#takenReported >= TAKEN_BYTES) this.#reportTaken();
      else this.#takenTimer ??= setTimeout(() => this.#reportTaken(), TAKEN_MS);
    });
    if (!accepted) this.#cut();
  }

  #acknowledge(offset: number): void {
    if (offset > this.#sent) return this.#cut();
    if (offset <= this.#acked) return;
    this.#acked = offset;
    this.#terminal.ring.setFloor(offset);
    this.#terminal.acknowledged();
    this.wake();
  }

  #reportTaken(): void {
    clearTimeout(this.#takenTimer);
    this.#takenTimer = undefined;
    if (this.#taken === this.#takenReported || this.#ended) return;
    this.#takenReported = this.#taken;
    this.#send({ type: 'taken', total: this.#taken });
  }

  #send(frame: TerminalFrame): void {
    if (!this.#stream.destroyed && this.#stream.writable) this.#stream.write(withLength(encodeFrame(frame)));
  }

  #end(): void {
    this.#ended = true;
    finishStream(this.#stream);
  }

  /** A peer outside the protocol is cut off at once; the link and its other streams go on. */
  #cut(): void {
    this.#ended = true;
    cancelStream(this.#stream);
  }
}
