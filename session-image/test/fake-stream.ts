import { EventEmitter } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { decodeFrame, encodeFrame, FrameReader, withLength } from '@netpilot/control-plane/contract/terminal-frames.ts';
import type { TerminalFrame } from '@netpilot/control-plane/contract/terminal-frames.ts';

/** A stream of an attachment without a link: what was written is there to read, and closes are recorded. */
export class FakeStream extends EventEmitter {
  readonly frames: TerminalFrame[] = [];
  writableLength = 0;
  writable = true;
  destroyed = false;
  closed = false;
  readableEnded = false;
  rstCode: number | null = null;
  ended = false;
  readonly #reader = new FrameReader();

  /** As the code under test wants it. */
  get stream(): ServerHttp2Stream {
    return this as unknown as ServerHttp2Stream;
  }

  respond(): void {}
  resume(): void {}

  write(bytes: Uint8Array): boolean {
    for (const frame of this.#reader.push(bytes)) this.frames.push(decodeFrame(frame));
    return true;
  }

  end(): void {
    this.ended = true;
    this.writable = false;
  }

  close(code: number): void {
    this.rstCode = code;
    this.gone();
  }

  /** The peer or the link is gone. */
  gone(): void {
    if (this.closed) return;
    this.closed = true;
    this.destroyed = true;
    this.writable = false;
    this.emit('close');
  }

  /** A frame from the peer. */
  receive(frame: TerminalFrame): void {
    this.emit('data', Buffer.from(withLength(encodeFrame(frame))));
  }
}
