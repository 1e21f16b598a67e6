import { setTimeout as delay } from 'node:timers/promises';
import type { RecordingTrouble } from '../../../contract/recordings.ts';
import type { TerminalSize } from '../../../contract/sessions.ts';
import type { TerminalExit } from '../../../contract/terminal-frames.ts';
import { CODE, type ChainLink } from './cast-format.ts';
import { LineBuffer } from './line-buffer.ts';
import { readOutput } from './recorded-output.ts';
import { RecordingEncoder } from './recording-encoder.ts';
import { type RecordingFile, troubleOf } from './recording-file.ts';
import type { RecordingPosition } from './recording-position.ts';
import type { SigningKey } from './signing-key.ts';
import type { SizeHistory } from './size-history.ts';
import { RecordingError, type TerminalRecording } from './terminal-recording.ts';

/** Time until what was written is sealed by a link, in milliseconds. */
const LINK_MS = 1_000;
/** Time until what was written is also on the disk, and the file still has its name, in milliseconds. */
const SYNC_MS = 5_000;
/** Encoded bytes that one write takes at most, roughly. */
const BATCH_BYTES = 1_048_576;
/**
 * Behind a write of so many bytes more is waited for, up to so many bytes and milliseconds: bulk output comes in frames of 64 KB, and to hand each
 * to the disk by itself costs more than the writing.
 */
const BULK_BYTES = 32_768;
const GATHERED_BYTES = 262_144;
const GATHER_MS = 5;
/** A write that takes longer counts as a disk that hangs, in milliseconds. */
const STUCK_MS = 5_000;
const RETRY_MS = { first: 250, last: 2_000 };
/** With so much waiting for a disk, further sizes and markers are left out. */
const MAX_WAITING = 200;
const MAX_LABEL = 200;

export interface RecorderOptions {
  readonly file: Pick<RecordingFile, 'write' | 'stream' | 'sync' | 'close'>;
  readonly position: RecordingPosition;
  readonly key: SigningKey;
  /** The file grows no larger, in bytes. */
  readonly maxBytes: number;
  readonly onTrouble: (trouble: RecordingTrouble | null) => void;
  /** Called once when it is finished or closed, before that is told to the caller. */
  readonly onClosed?: () => Promise<void>;
}

interface Append {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One thing to be written, in its order. */
type Work =
  | { readonly append: Append }
  | { readonly code: string; readonly data: string }
  | { readonly link: true }
  | { readonly end: TerminalExit | null };

interface Batch {
  readonly lines: LineBuffer;
  readonly appends: readonly Append[];
  readonly end: ChainLink | null;
  /** Bytes of output behind the batch. */
  readonly output: number;
}

/** Writes one terminal's recording. Owner of its file. */
export class Recorder implements TerminalRecording {
  readonly id: string;
  readonly #options: RecorderOptions;
  readonly #encoder: RecordingEncoder;
  readonly #closing = new AbortController();
  readonly #work: Work[] = [];
  /** Bytes of output in `#work`. */
  #waiting = 0;
  /** Ends the wait for more of them. */
  #gathered = () => {};
  #size: number;
  #end: number;
  #running: Promise<void> | null = null;
  #active = false;
  #trouble: RecordingTrouble | null = null;
  /** Nothing can be recorded any more, whatever the disk says. */
  #lost = false;
  /** The end is asked for; it is signed once it is written. */
  #ending: boolean;
  #signedEnd: ChainLink | null;
  #linkTimer: NodeJS.Timeout | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | null = null;
  #closed: Promise<void> | null = null;
  /** Nothing is done with the file behind this but reading; set by `#stop`. */
  #rested: Promise<unknown> = Promise.resolve();
  /** Ends the wait of `#stop` for a disk that refuses. */
  #giveUp = () => {};

  constructor(options: RecorderOptions) {
    const { header, size, output, end } = options.position;
    this.#options = options;
    this.id = header.netpilot.recording;
    this.#encoder = new RecordingEncoder(options.position, options.key);
    this.#size = size;
    this.#end = output;
    this.#ending = end !== null;
    this.#signedEnd = end;
  }

  get end(): number {
    return this.#end;
  }

  get sizes(): SizeHistory {
    return this.#options.position.sizes;
  }

  get ended(): boolean {
    return this.#signedEnd !== null;
  }

  /** What its last line says, once it is written. */
  get signedEnd(): ChainLink | null {
    return this.#signedEnd;
  }

  get trouble(): RecordingTrouble | null {
    return this.#trouble;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#size;
  }

  /** The hash of the chain's last link in base64; empty before the first. */
  get chainHead(): string {
    return this.#options.position.chain.position.hash;
  }

  append(bytes: Uint8Array): Promise<void> {
    if (this.#isOver) return Promise.reject(new Error('the recording is closed'));
    if (bytes.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#add({ append: { bytes, resolve, reject } }));
  }

  resize({ cols, rows }: TerminalSize): void {
    this.#addEvent(CODE.resize, `${cols}x${rows}`);
  }

  marker(label: string): void {
    this.#addEvent(CODE.marker, label.slice(0, MAX_LABEL));
  }

  input(bytes: Uint8Array): void {
    if (!this.#isOver) this.#encoder.type(bytes);
  }

  async read(from: number, maxBytes: number): Promise<Buffer> {
    if (from < 0 || from > this.#end) throw new RangeError(`output at ${from} is not recorded`);
    const length = Math.min(maxBytes, this.#end - from);
    if (length <= 0) return Buffer.alloc(0);
    const { file, position } = this.#options;
    const place = position.index.find(from);
    return readOutput(file.stream(place.at, this.#size), place, from, length);
  }

  async finish(exit: TerminalExit | null): Promise<void> {
    if (!this.#isOver) {
      this.#ending = true;
      this.#add({ end: exit });
    }
    await this.#running;
    await this.#stop();
    if (this.#signedEnd === null) throw new RecordingError(this.#trouble ?? 'disk_failed', 'the recording has no end');
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Writes nothing more. What is recorded can still be read. */
  #stop(): Promise<void> {
    this.#stopped ??= this.#rest();
    return this.#stopped;
  }

  async #rest(): Promise<void> {
    clearTimeout(this.#linkTimer);
    clearTimeout(this.#syncTimer);
    if (this.#trouble === null) {
      if (!this.#ending && this.#encoder.unsealed) this.#add({ link: true });
      const refused = new Promise<void>((resolve) => (this.#giveUp = resolve));
      await soon(Promise.race([this.#running, refused]));
    }
    this.#closing.abort();
    this.#rejectWaiting();
    const { file } = this.#options;
    this.#rested = (this.#running ?? Promise.resolve()).then(() => file.sync().catch(() => false));
    await soon(this.#rested);
    await this.#options.onClosed?.();
  }

  async #close(): Promise<void> {
    await this.#stop();
    const closed = this.#rested.then(() => this.#options.file.close());
    // A disk that hangs gives the descriptor back when it can.
    closed.catch(() => undefined);
    await soon(closed);
  }

  get #isOver(): boolean {
    return this.#ending || this.#closing.signal.aborted || this.#stopped !== null;
  }

  #addEvent(code: string, data: string): void {
    if (this.#isOver || this.#work.length >= MAX_WAITING) return;
    this.#add({ code, data });
  }

  #add(work: Work): void {
    this.#work.push(work);
    if ('append' in work) this.#waiting += work.append.bytes.length;
    if (this.#waiting >= GATHERED_BYTES || 'end' in work) this.#gathered();
    if (this.#active) return;
    const run = this.#run();
    this.#running = this.#active ? run : null;
  }

  /** Writes until nothing waits. Runs up to the first write at once: an echo waits for nothing but the disk. */
  async #run(): Promise<void> {
    this.#active = true;
    while (this.#work.length > 0 && !this.#closing.signal.aborted) {
      if (!this.#mayWrite()) break;
      const batch = this.#encode();
      const { length } = batch.lines;
      const isWritten = await this.#write(batch.lines.from(0));
      batch.lines.release();
      if (!isWritten) {
        for (const { reject } of batch.appends) reject(new Error('the recording was closed'));
        break;
      }
      this.#size += length;
      this.#end = batch.output;
      if (batch.end !== null) this.#signedEnd = batch.end;
      for (const { resolve } of batch.appends) resolve();
      this.#armTimers();
      if (length >= BULK_BYTES && !this.#isOver && this.#encoder.size < this.#options.maxBytes) await this.#gather();
    }
    this.#active = false;
    this.#running = null;
  }

  /** Waits for more output. */
  async #gather(): Promise<void> {
    if (this.#waiting >= GATHERED_BYTES) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      this.#gathered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#gathered = () => {};
  }

  /** Whether there is room; a recording that is at its limit can still be ended. */
  #mayWrite(): boolean {
    if (this.#lost) return false;
    if (this.#encoder.size < this.#options.maxBytes) return true;
    this.#setTrouble('size_limit');
    if (!this.#ending) return false;
    this.#rejectWaiting();
    return true;
  }

  /** Takes what waits, as far as one write goes. */
  #encode(): Batch {
    const lines = LineBuffer.take();
    const appends: Append[] = [];
    let end: ChainLink | null = null;
    while (lines.length < BATCH_BYTES) {
      const work = this.#work.shift();
      if (work === undefined) break;
      if ('append' in work) {
        appends.push(work.append);
        this.#waiting -= work.append.bytes.length;
        this.#encoder.output(work.append.bytes, lines);
      } else if ('code' in work) this.#encoder.event(work.code, work.data, lines);
      else if ('link' in work) this.#encoder.seal(lines);
      else end = this.#encoder.end(work.end, lines);
    }
    return { lines, appends, end, output: this.#encoder.outputEnd };
  }

  /** @returns false when it was closed before all was written; a part of it may be there then. */
  async #write(bytes: Buffer): Promise<boolean> {
    let done = 0;
    for (let pauseMs = RETRY_MS.first; ; pauseMs = Math.min(pauseMs * 2, RETRY_MS.last)) {
      const stuck = setTimeout(() => this.#setTrouble('disk_stuck'), STUCK_MS);
      try {
        while (done < bytes.length) {
          done += await this.#options.file.write(done === 0 ? bytes : bytes.subarray(done), this.#size + done);
        }
        if (this.#trouble !== 'size_limit') this.#setTrouble(null);
        return true;
      } catch (error) {
        this.#setTrouble(troubleOf(error));
      } finally {
        clearTimeout(stuck);
      }
      await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      if (this.#closing.signal.aborted) return false;
    }
  }

  #armTimers(): void {
    if (this.#isOver) return;
    if (this.#encoder.unsealed) {
      this.#linkTimer ??= setTimeout(() => {
        this.#linkTimer = undefined;
        if (this.#encoder.unsealed && !this.#isOver) this.#add({ link: true });
      }, LINK_MS);
    }
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      void this.#sync();
    }, SYNC_MS);
  }

  async #sync(): Promise<void> {
    try {
      if (!(await this.#options.file.sync())) this.#lose('file_gone');
    } catch (error) {
      // Nobody knows what of it is on the disk now.
      if (!this.#isOver) this.#lose(troubleOf(error));
    }
  }

  #lose(trouble: RecordingTrouble): void {
    this.#lost = true;
    this.#setTrouble(trouble);
  }

  #setTrouble(trouble: RecordingTrouble | null): void {
    if (trouble === this.#trouble || (this.#lost && trouble === null)) return;
    this.#trouble = trouble;
    if (trouble !== null) this.#giveUp();
    this.#options.onTrouble(trouble);
  }

  #rejectWaiting(): void {
    const events: Work[] = [];
    this.#waiting = 0;
    for (const work of this.#work.splice(0)) {
      if ('append' in work) work.append.reject(new Error('the recording was closed'));
      else events.push(work);
    }
    this.#work.push(...events);
  }
}

/** Waits for work of a disk, but not for a disk that hangs. */
async function soon(work: Promise<unknown> | null): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, delay(STUCK_MS, undefined, { signal: limit.signal }).catch(() => undefined)]);
  limit.abort();
}
