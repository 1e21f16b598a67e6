import { constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { decodeFrame, encodeFrame, FrameReader, withLength } from '@netpilot/control-plane/contract/terminal-frames.ts';
import type {
  Attached,
  TerminalExit,
  TerminalFrame,
  TerminalNotice,
} from '@netpilot/control-plane/contract/terminal-frames.ts';
import { until } from './test-link.ts';

/** A reader of one terminal. It acknowledges what it read unless `acknowledge` is off, and checks that offsets have no gap. */
export class TestAttachment {
  readonly stream: ClientHttp2Stream;
  attached: Attached | null = null;
  exit: TerminalExit | null = null;
  notice: TerminalNotice | null = null;
  taken = 0;
  closed = false;
  /** Offset behind the last byte read. */
  offset = 0;
  acknowledge: boolean;
  #chunks: Buffer[] = [];
  readonly #onOutput: ((bytes: Uint8Array) => void) | null;
  readonly #reader = new FrameReader();

  constructor(
    session: ClientHttp2Session,
    id: number,
    options: { offset?: number; acknowledge?: boolean; onOutput?: (bytes: Uint8Array) => void } = {},
  ) {
    const query = options.offset === undefined ? '' : `?offset=${options.offset}`;
    this.acknowledge = options.acknowledge ?? true;
    this.#onOutput = options.onOutput ?? null;
    this.stream = session.request({ ':method': 'POST', ':path': `/v1/terminals/${id}/attach${query}` });
    this.stream.on('error', () => undefined);
    this.stream.once('close', () => (this.closed = true));
    this.stream.on('data', (chunk: Buffer) => {
      for (const bytes of this.#reader.push(chunk)) this.#take(decodeFrame(bytes));
    });
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  get bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  send(frame: TerminalFrame): void {
    if (this.stream.writable) this.stream.write(withLength(encodeFrame(frame)));
  }

  type(text: string): void {
    this.send({ type: 'input', bytes: Buffer.from(text) });
  }

  async sees(text: string | RegExp): Promise<void> {
    await until(`${String(text)} in the output`, () =>
      typeof text === 'string' ? this.text.includes(text) : text.test(this.text),
    );
  }

  async exited(): Promise<TerminalExit> {
    return until('the exit', () => this.exit);
  }

  cancel(): void {
    this.stream.close(constants.NGHTTP2_CANCEL);
  }

  #take(frame: TerminalFrame): void {
    if (frame.type === 'attached') {
      this.attached = frame.value;
      this.offset = frame.value.offset;
    } else if (frame.type === 'output') {
      if (frame.offset !== this.offset) throw new Error(`output at ${frame.offset} where ${this.offset} was due`);
      this.offset += frame.bytes.length;
      if (this.#onOutput) this.#onOutput(frame.bytes);
      else this.#chunks.push(Buffer.from(frame.bytes));
      if (this.acknowledge) this.send({ type: 'ack', offset: this.offset });
    } else if (frame.type === 'exit') this.exit = frame.value;
    else if (frame.type === 'notice') this.notice = frame.value;
    else if (frame.type === 'taken') this.taken = frame.total;
  }
}
