import type { ServerHttp2Stream } from 'node:http2';
import type { Terminal as TerminalView, TerminalSize } from '@netpilot/control-plane/contract/sessions.ts';
import { INPUT_WINDOW } from '@netpilot/control-plane/contract/terminal-frames.ts';
import type { TerminalExit } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { ProblemError } from '../link/problem.ts';
import type { RouterChannel } from '../ssh/router-connection.ts';
import { Attachment } from './attachment.ts';
import type { AttachedTerminal } from './attachment.ts';
import { OutputRing } from './output-ring.ts';

/** Room that must be left for the router's next packet (ssh2 takes none over 35,000 bytes). */
const PACKET_ROOM = 35_000;
/** Input of several attachments that may wait for the router. */
const MAX_WAITING_INPUT = 2 * INPUT_WINDOW;

/**
 * A shell on the router. Output goes into a ring; when the unacknowledged part fills it the channel is paused, and the SSH window
 * makes the router wait. At most one attachment at a time.
 */
export class Terminal implements AttachedTerminal {
  readonly id: number;
  readonly ring: OutputRing;
  readonly #channel: RouterChannel;
  readonly #createdAt = new Date();
  #size: TerminalSize;
  #attachment: Attachment | null = null;
  #paused = false;
  #status: { code: number | null; signal: string | null } | null = null;
  readonly #connection: { readonly alive: boolean };
  #exit: TerminalExit | null = null;

  constructor(
    id: number,
    channel: RouterChannel,
    connection: { readonly alive: boolean },
    size: TerminalSize,
    ringBytes: number,
  ) {
    this.id = id;
    this.ring = new OutputRing(ringBytes);
    this.#channel = channel;
    this.#connection = connection;
    this.#size = size;
    const take = (chunk: Buffer) => this.#output(chunk);
    channel.on('data', take);
    channel.stderr.on('data', take);
    channel.on('exit', (code: number | null, signal?: string) => {
      this.#status = { code: code ?? null, signal: signal?.slice(0, 40) ?? null };
    });
    channel.once('close', () => {
      const reason = this.#status || connection.alive ? 'exited' : 'connection_lost';
      this.#exit ??= { code: null, signal: null, ...this.#status, reason };
      this.#attachment?.wake();
    });
  }

  get exit(): TerminalExit | null {
    return this.#exit;
  }

  get size(): TerminalSize {
    return this.#size;
  }

  /** True while the program may still run. */
  get running(): boolean {
    return this.#exit === null && this.#status === null && this.#connection.alive;
  }

  view(): TerminalView {
    const ended = this.#exit ?? this.#status ?? (this.#connection.alive ? null : { code: null, signal: null });
    return {
      id: this.id,
      ...this.#size,
      title: `Terminal ${this.id}`,
      createdAt: this.#createdAt.toISOString(),
      offset: this.ring.end,
      attached: this.#attachment !== null,
      exit: ended && { code: ended.code, signal: ended.signal },
    };
  }

  /**
   * Attaches a stream; one that is attached already is told and closed.
   * @param offset where its output continues; null replays all that is kept
   * @throws ProblemError `invalid_request` for an offset that was never reached
   */
  attach(stream: ServerHttp2Stream, offset: number | null): void {
    if (offset !== null && offset > this.ring.end) throw new ProblemError('invalid_request', 'No such offset yet.');
    this.#attachment?.notify({ kind: 'taken_over', text: 'The terminal was opened elsewhere.' });
    const from = Math.max(offset ?? 0, this.ring.start);
    this.ring.setFloor(from);
    const attachment = new Attachment(stream, this, from, from > (offset ?? 0));
    this.#attachment = attachment;
    stream.once('close', () => {
      if (this.#attachment === attachment) this.#attachment = null;
    });
    this.acknowledged();
  }

  input(bytes: Uint8Array, taken: () => void): boolean {
    if (!this.#channel.writable || this.#exit) {
      taken();
      return true;
    }
    if (this.#channel.writableLength + bytes.length > MAX_WAITING_INPUT) return false;
    this.#channel.write(bytes, () => taken());
    return true;
  }

  resize(cols: number, rows: number): void {
    this.#size = { cols, rows };
    if (this.#channel.writable) this.#channel.setWindow(rows, cols, 0, 0);
  }

  acknowledged(): void {
    if (!this.#paused || this.ring.free < PACKET_ROOM * 2) return;
    this.#paused = false;
    this.#channel.resume();
    this.#channel.stderr.resume();
  }

  /** Ends the program and the attachment. */
  close(): void {
    this.#exit ??= { code: null, signal: null, ...this.#status, reason: 'closed' };
    this.#attachment?.close(this.#exit);
    this.#channel.removeAllListeners('data').resume();
    this.#channel.stderr.removeAllListeners('data').resume();
    this.#channel.close();
  }

  #output(chunk: Buffer): void {
    this.ring.append(chunk);
    if (this.ring.free < PACKET_ROOM * 2 && !this.#paused) {
      this.#paused = true;
      this.#channel.pause();
      this.#channel.stderr.pause();
    }
    this.#attachment?.wake();
  }
}
