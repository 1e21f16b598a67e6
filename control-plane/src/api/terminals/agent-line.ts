import type { FastifyBaseLogger } from 'fastify';
import type { TerminalSize } from '../../../contract/sessions.ts';
import { FrameError, type TerminalExit, encodeFrame } from '../../../contract/terminal-frames.ts';
import type { Attachment, AttachmentEnd, AttachmentListener } from '../sandbox-link/attachment.ts';
import type { SandboxLink } from '../sandbox-link/sandbox-link.ts';
import { OUTPUT_HEADER, readAgentFrame } from './frame-check.ts';

/** Bytes by which an acknowledgement grows; far below the window, so that the agent never waits for one. */
const ACK_STEP = 131_072;
/** Pauses before an attachment that broke on a link that stands is tried again, in milliseconds. */
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;

/** What of a link a terminal needs. */
export type TerminalLink = Pick<SandboxLink, 'attach' | 'up'>;

export interface AgentLineListener {
  /** Output, in order and without a gap; the frame's own offset is right. */
  output(frame: Buffer, offset: number): void;
  /** The last word, behind all output. */
  exited(exit: TerminalExit): void;
  /** Input bytes that the router has taken since `attached`. */
  taken(total: number): void;
  attached(): void;
  /** Nobody knows what became of input that was on its way. */
  broke(): void;
  /** The agent does not have this terminal. */
  gone(): void;
}

export interface AgentLineOptions {
  readonly terminalId: number;
  /** The link while an agent is on it, else null. */
  readonly link: () => TerminalLink | null;
  /** Where output continues: everything before it is recorded. Null while that is not known yet. */
  readonly from: () => number | null;
  readonly listener: AgentLineListener;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** The api's one attachment to a terminal in the sandbox: attaches again where the recording ends, for as long as the terminal is there. */
export class AgentLine implements AttachmentListener {
  readonly #options: AgentLineOptions;
  #attachment: Attachment | null = null;
  #attached = false;
  #next = 0;
  #acknowledged = 0;
  #retryMs = FIRST_RETRY_MS;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: AgentLineOptions) {
    this.#options = options;
  }

  /** Attaches, unless it is attached or there is no link. */
  connect(): void {
    if (this.#over || this.#attachment !== null) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const link = this.#options.link();
    if (link === null) return;
    const from = this.#options.from();
    if (from === null) return;
    this.#next = from;
    this.#acknowledged = from;
    try {
      this.#attachment = link.attach(this.#options.terminalId, this.#next, this);
    } catch {
      this.#retry();
    }
  }

  /** @returns false while the agent is away. */
  write(frame: Uint8Array): boolean {
    if (this.#attachment === null || !this.#attached) return false;
    this.#attachment.write(frame);
    return true;
  }

  resize(size: TerminalSize): void {
    this.write(encodeFrame({ type: 'resize', ...size }));
  }

  /** Output below `offset` may be forgotten and more may come; small steps are not told. */
  acknowledge(offset: number): void {
    if (offset - this.#acknowledged < ACK_STEP || !this.#attached) return;
    this.#acknowledged = offset;
    this.write(encodeFrame({ type: 'ack', offset }));
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#attachment?.close();
    this.#attachment = null;
  }

  frame(bytes: Buffer): void {
    const frame = readAgentFrame(bytes);
    if (typeof frame === 'number') {
      if (!this.#attached || frame !== this.#next)
        throw new FrameError(`output at ${frame} where ${this.#next} was due`);
      this.#next += bytes.length - OUTPUT_HEADER;
      return this.#options.listener.output(bytes, frame);
    }
    switch (frame.type) {
      case 'attached':
        if (frame.value.offset !== this.#next) throw new FrameError('output is missing');
        this.#attached = true;
        this.#retryMs = FIRST_RETRY_MS;
        return this.#options.listener.attached();
      case 'taken':
        return this.#options.listener.taken(frame.total);
      case 'exit':
        this.#over = true;
        return this.#options.listener.exited(frame.value);
      case 'notice':
    }
  }

  drain(): void {
    // Input has a window of its own, far below what a stream may hold.
  }

  end(end: AttachmentEnd): void {
    this.#attachment = null;
    this.#attached = false;
    if (this.#over) return;
    this.#options.listener.broke();
    if (end.type === 'refused' && end.code === 'not_found') {
      this.#over = true;
      return this.#options.listener.gone();
    }
    if (end.type === 'broken') {
      this.#options.log.warn({ err: end.error, terminalId: this.#options.terminalId }, 'a terminal lost its agent');
    }
    this.#retry();
  }

  #retry(): void {
    this.#timer = setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }
}
