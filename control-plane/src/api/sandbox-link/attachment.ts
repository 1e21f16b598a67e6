import { type ClientHttp2Stream, constants } from 'node:http2';
import type { ProblemCode } from '../../../contract/problems.ts';
import { withLength } from '../../../contract/terminal-frames.ts';
import { ProblemError } from '../errors.ts';
import { problemOf } from './agent-request.ts';
import { FrameSplitter } from './frame-splitter.ts';

/** Bound of a problem body in bytes. */
const MAX_PROBLEM = 4_096;

/** Why an attachment is over: the agent ended it, refused it, broke the contract, or the link is gone. */
export type AttachmentEnd =
  | { readonly type: 'ended' }
  | { readonly type: 'refused'; readonly code: ProblemCode }
  | { readonly type: 'broken'; readonly error: Error };

export interface AttachmentListener {
  /** A whole frame, possibly a view into a larger buffer; not yet checked. A throw ends the attachment as `broken`. */
  frame(frame: Buffer): void;
  /** {@link Attachment.write} may go on. */
  drain(): void;
  /** Exactly once, last. */
  end(end: AttachmentEnd): void;
}

/** One attached terminal as a duplex of frames; what a relay needs of it. */
export interface Attachment {
  /** @returns false when the sender should wait for `drain`. */
  write(frame: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  close(): void;
}

/** Owner of the HTTP/2 stream of one attached terminal. */
export class StreamAttachment implements Attachment {
  readonly #stream: ClientHttp2Stream;
  readonly #listener: AttachmentListener;
  #over = false;

  constructor(stream: ClientHttp2Stream, listener: AttachmentListener) {
    this.#stream = stream;
    this.#listener = listener;
    const splitter = new FrameSplitter();
    const take = (frame: Buffer) => {
      if (!this.#over) listener.frame(frame);
    };
    let status = 0;
    const problem: Buffer[] = [];
    let problemLength = 0;
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => {
      if (this.#over) return;
      if (status !== 200) {
        problemLength += chunk.length;
        if (problemLength <= MAX_PROBLEM) problem.push(chunk);
        return;
      }
      try {
        splitter.push(chunk, take);
      } catch (error) {
        this.#end({ type: 'broken', error: error instanceof Error ? error : new Error('a bad frame') });
      }
    });
    stream.on('end', () => {
      // A broken link ends streams too: only one whose connection stands was ended by the agent.
      const broken = stream.aborted || stream.session === undefined || stream.session.destroyed;
      if (status === 200 && !broken) this.#end({ type: 'ended' });
      else if (status === 0 || broken) this.#end({ type: 'broken', error: new Error('the link broke') });
      else this.#end({ type: 'refused', code: problemOf(Buffer.concat(problem)).code });
    });
    stream.on('drain', () => {
      if (!this.#over) listener.drain();
    });
    stream.on('error', (error) => this.#end({ type: 'broken', error }));
    stream.on('close', () => this.#end({ type: 'broken', error: new ProblemError('sandbox_failed') }));
  }

  write(frame: Uint8Array): boolean {
    return this.#stream.writable ? this.#stream.write(withLength(frame)) : true;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  close(): void {
    this.#over = true;
    if (!this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #end(end: AttachmentEnd): void {
    if (this.#over) return;
    this.close();
    this.#listener.end(end);
  }
}
