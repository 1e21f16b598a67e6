import type { RecordingTrouble } from '../../../contract/recordings.ts';
import type { TerminalSize } from '../../../contract/sessions.ts';
import type { TerminalExit } from '../../../contract/terminal-frames.ts';
import { SizeHistory } from '../recordings/size-history.ts';
import {
  type RecordedTerminal,
  RecordingError,
  type RecordingStore,
  type TerminalRecording,
} from '../recordings/terminal-recording.ts';

/** For tests: recordings in memory, which outlive who writes them as files do. */
export class FakeRecordings implements RecordingStore {
  readonly #kept = new Map<string, FakeRecording>();
  /** Recordings cannot be begun, and nothing is written, while it is set. */
  #trouble: RecordingTrouble | null = null;

  open(terminal: RecordedTerminal): Promise<TerminalRecording> {
    if (this.#trouble !== null) return Promise.reject(new RecordingError(this.#trouble, 'it cannot be recorded'));
    const key = `${terminal.session.id} ${terminal.terminalId}`;
    const recording = this.#kept.get(key) ?? new FakeRecording(key, terminal.size);
    this.#kept.set(key, recording);
    recording.reopen(terminal.onTrouble);
    return Promise.resolve(recording);
  }

  of(sessionId: string, terminalId: number): FakeRecording | undefined {
    return this.#kept.get(`${sessionId} ${terminalId}`);
  }

  setTrouble(trouble: RecordingTrouble | null): void {
    this.#trouble = trouble;
    for (const recording of this.#kept.values()) recording.setTrouble(trouble);
  }
}

interface Pending {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class FakeRecording implements TerminalRecording {
  readonly id: string;
  readonly #first: TerminalSize;
  readonly resizes: (TerminalSize & { offset: number })[] = [];
  readonly markers: string[] = [];
  readonly typed: Buffer[] = [];
  exit: TerminalExit | null = null;
  ended = false;
  trouble: RecordingTrouble | null = null;
  /** Bytes given but not recorded yet, at most so far. */
  mostPending = 0;
  #chunks: Buffer[] = [];
  #end = 0;
  #pending: Pending[] = [];
  #open = true;
  #onTrouble: (trouble: RecordingTrouble | null) => void = () => {};

  constructor(id: string, first: TerminalSize) {
    this.id = id;
    this.#first = first;
  }

  get end(): number {
    return this.#end;
  }

  get sizes(): SizeHistory {
    const sizes = new SizeHistory({ offset: 0, ...this.#first });
    for (const resize of this.resizes) sizes.add(resize);
    return sizes;
  }

  get bytes(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  reopen(onTrouble: (trouble: RecordingTrouble | null) => void): void {
    this.#open = true;
    this.#onTrouble = onTrouble;
  }

  append(bytes: Uint8Array): Promise<void> {
    if (!this.#open || this.ended) return Promise.reject(new Error('the recording is closed'));
    return new Promise((resolve, reject) => {
      this.#pending.push({ bytes, resolve, reject });
      const pending = this.#pending.reduce((sum, one) => sum + one.bytes.length, 0);
      this.mostPending = Math.max(this.mostPending, pending);
      this.#write();
    });
  }

  resize(size: TerminalSize): void {
    this.resizes.push({ ...size, offset: this.#end });
  }

  input(bytes: Uint8Array): void {
    this.typed.push(Buffer.from(bytes));
  }

  marker(label: string): void {
    this.markers.push(label);
  }

  read(from: number, maxBytes: number): Promise<Buffer> {
    if (from > this.#end) return Promise.reject(new RangeError('output that is not recorded'));
    return Promise.resolve(this.bytes.subarray(from, from + maxBytes));
  }

  finish(exit: TerminalExit | null): Promise<void> {
    this.exit = exit;
    this.ended = true;
    return Promise.resolve();
  }

  /** What is pending is lost, as with the process that had it. */
  close(): Promise<void> {
    this.#open = false;
    for (const { reject } of this.#pending.splice(0)) reject(new Error('the recording was closed'));
    return Promise.resolve();
  }

  setTrouble(trouble: RecordingTrouble | null): void {
    this.trouble = trouble;
    this.#onTrouble(trouble);
    this.#write();
  }

  #write(): void {
    if (this.trouble !== null) return;
    for (const { bytes, resolve } of this.#pending.splice(0)) {
      this.#chunks.push(Buffer.from(bytes));
      this.#end += bytes.length;
      resolve();
    }
  }
}
