import type WebSocket from 'ws';
import { z } from 'zod';
import { decodeFrame, encodeFrame } from '../contract/terminal-frames.ts';
import type { TestPerson } from '../test/harness/person.ts';

/** As the page does: output is acknowledged at the latest after so many bytes or milliseconds. */
const ACK_BYTES = 131_072;
const ACK_MS = 50;

/** A page's terminal that parses frames, acknowledges and keeps no text. Owner of its socket. */
export class BenchTerminal {
  /** Its number within the session. */
  readonly id: number;
  /** When the first byte of output was here, by `performance.now()`; null before. */
  firstOutputAt: number | null = null;
  /** Bytes of output read. */
  received = 0;
  readonly #socket: WebSocket;
  #offset = 0;
  #acknowledged = 0;
  #timer: NodeJS.Timeout | undefined;
  #listener: (bytes: Uint8Array) => void = () => {};
  #failed: (error: Error) => void = () => {};
  #over: Error | null = null;

  private constructor(id: number, socket: WebSocket) {
    this.id = id;
    this.#socket = socket;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer) => this.#take(data));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', (code) => this.#fail(new Error(`the terminal was closed with ${code}`)));
  }

  /** Opens a new terminal of a live session and attaches to it at once, as the page does. */
  static async open(person: TestPerson, sessionId: string): Promise<BenchTerminal> {
    const terminals = `/sessions/${sessionId}/terminals`;
    const { id } = await person.ask(z.object({ id: z.int() }), 'POST', terminals, { cols: 80, rows: 24 });
    return new BenchTerminal(id, person.webSocket(`${terminals}/${id}/attach`));
  }

  /** Opens one more page on a terminal, which follows. */
  static follow(person: TestPerson, sessionId: string, id: number): BenchTerminal {
    return new BenchTerminal(id, person.webSocket(`/sessions/${sessionId}/terminals/${id}/attach?role=follower`));
  }

  type(text: string): void {
    this.#socket.send(encodeFrame({ type: 'input', bytes: Buffer.from(text) }));
  }

  /**
   * Resolves with what `until` says of output that comes from now on, as soon as it is not null.
   * @throws Error when the socket closes first.
   */
  reads<T>(until: (bytes: Uint8Array) => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#over !== null) return reject(this.#over);
      this.#failed = reject;
      this.#listener = (bytes) => {
        const answer = until(bytes);
        if (answer === null) return;
        this.#listener = () => {};
        resolve(answer);
      };
    });
  }

  /** Waits for the first output, which is the prompt. @returns when it was here. */
  async prompt(): Promise<number> {
    return this.firstOutputAt ?? this.reads(() => this.firstOutputAt);
  }

  /** Waits until `text` was read, which the output may show in pieces. */
  async shows(text: string): Promise<void> {
    let tail = '';
    await this.reads((bytes) => {
      tail = (tail + Buffer.from(bytes).toString('latin1')).slice(-4_096);
      return tail.includes(text) ? true : null;
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#failed = () => {};
    this.#socket.terminate();
  }

  #take(data: Buffer): void {
    const frame = decodeFrame(data);
    if (frame.type === 'attached') this.#offset = this.#acknowledged = frame.value.offset;
    if (frame.type !== 'output') return;
    if (frame.offset !== this.#offset) return this.#fail(new Error('output is missing'));
    this.firstOutputAt ??= performance.now();
    this.#offset += frame.bytes.length;
    this.received += frame.bytes.length;
    this.#listener(frame.bytes);
    if (this.#offset - this.#acknowledged >= ACK_BYTES) this.#acknowledge();
    else this.#timer ??= setTimeout(() => this.#acknowledge(), ACK_MS);
  }

  #acknowledge(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#acknowledged = this.#offset;
    if (this.#socket.readyState === this.#socket.OPEN)
      this.#socket.send(encodeFrame({ type: 'ack', offset: this.#offset }));
  }

  #fail(error: Error): void {
    this.#over ??= error;
    clearTimeout(this.#timer);
    this.#failed(error);
  }
}
