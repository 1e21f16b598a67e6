import type { WebSocket } from 'ws';
import { FRAME, MAX_FRAME, type TerminalNotice, decodeFrame, encodeFrame } from '../../../contract/terminal-frames.ts';
import { CLOSE, closeSocket } from '../events/person-sockets.ts';
import type { Attachment, AttachmentEnd, AttachmentListener } from '../sandbox-link/attachment.ts';
import type { AttachedPage } from '../sessions/live-session.ts';
import { checkFromPage, checkFromTerminal } from './frame-check.ts';

/** Bytes that may wait for a browser before the agent's stream is paused, and below which it goes on. */
const HIGH_WATER = 4_194_304;
const LOW_WATER = 1_048_576;

export interface TerminalRelayOptions {
  readonly socket: WebSocket;
  /** Opens the agent's side; may throw. */
  readonly attach: (listener: AttachmentListener) => Attachment;
  /** Called for each piece of input. */
  readonly onInput: () => void;
}

/** Carries frames between one browser and one terminal, until either is over. Owner of the attachment, and of the socket's end. */
export class TerminalRelay implements AttachmentListener, AttachedPage {
  readonly #socket: WebSocket;
  readonly #onInput: () => void;
  readonly #attachment: Attachment;
  #streamPaused = false;
  #exited = false;
  #takenOver = false;
  #over = false;

  /** Attaches; listens to the socket before it returns. @throws what `attach` throws. */
  constructor(options: TerminalRelayOptions) {
    this.#socket = options.socket;
    this.#onInput = options.onInput;
    this.#attachment = options.attach(this);
    this.#socket.on('message', (data, isBinary) => this.#fromPage(data as Buffer, isBinary));
    this.#socket.once('close', () => this.#finish());
  }

  frame(frame: Buffer): void {
    const frameType = checkFromTerminal(frame);
    if (frameType === FRAME.exit) this.#exited = true;
    else if (frameType === FRAME.notice) this.#readNotice(frame);
    this.#send(frame);
  }

  drain(): void {
    if (this.#socket.isPaused && !this.#over) this.#socket.resume();
  }

  notice(notice: TerminalNotice): void {
    this.#send(encodeFrame({ type: 'notice', value: notice }));
  }

  /** The session is over. */
  end(attachment?: AttachmentEnd): void {
    if (this.#over) return;
    if (attachment === undefined) {
      this.notice({ kind: 'session_ended', text: 'The session has ended.' });
      this.#close(CLOSE.sessionOver, 'the session has ended');
    } else if (this.#takenOver) this.#close(CLOSE.takenOver, 'taken over');
    else if (this.#exited) this.#close(1000, 'the terminal has ended');
    else if (attachment.type === 'refused' && attachment.code === 'not_found')
      this.#close(CLOSE.gone, 'no such terminal');
    else this.#close(CLOSE.tryAgain, 'the terminal is away');
  }

  #fromPage(data: Buffer, isBinary: boolean): void {
    if (this.#over) return;
    try {
      if (!isBinary || data.length > MAX_FRAME) throw new TypeError('not a frame');
      if (checkFromPage(data) === FRAME.input) this.#onInput();
    } catch {
      return this.#close(CLOSE.badFrame, 'a bad frame');
    }
    if (!this.#attachment.write(data)) this.#socket.pause();
  }

  #send(frame: Uint8Array): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    socket.send(frame, this.#sent);
    if (!this.#streamPaused && socket.bufferedAmount > HIGH_WATER) {
      this.#streamPaused = true;
      this.#attachment.pause();
    }
  }

  readonly #sent = () => {
    if (!this.#streamPaused || this.#over || this.#socket.bufferedAmount > LOW_WATER) return;
    this.#streamPaused = false;
    this.#attachment.resume();
  };

  #readNotice(frame: Buffer): void {
    const notice = decodeFrame(frame);
    if (notice.type === 'notice' && notice.value.kind === 'taken_over') this.#takenOver = true;
  }

  #close(code: number, reason: string): void {
    this.#finish();
    closeSocket(this.#socket, code, reason);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#attachment.close();
  }
}
