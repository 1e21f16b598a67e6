import type { RecordingTrouble } from '../../../contract/recordings.ts';
import type { TerminalSize } from '../../../contract/sessions.ts';
import type { TerminalExit } from '../../../contract/terminal-frames.ts';
import type { SessionIdentity } from '../sessions/session-identity.ts';
import type { SizeHistory } from './size-history.ts';

/** What is recorded, and who is told when it cannot be. */
export interface RecordedTerminal {
  readonly session: SessionIdentity;
  /** The terminal's number within its session. */
  readonly terminalId: number;
  /** Size now; also when an earlier process began the recording. */
  readonly size: TerminalSize;
  /** Digest of the image of the session's sandbox. */
  readonly imageDigest: string | null;
  /** Called when recording begins to fail and, with null, when it goes on: what the terminal's banner says. */
  readonly onTrouble: (trouble: RecordingTrouble | null) => void;
}

/**
 * The recording of one terminal: an asciicast outside of the sandbox, and the buffer from which its output is shown again. Offsets are
 * bytes of output since the terminal began. One owner, which ends it with `finish` or lets go of it with `close`.
 */
export interface TerminalRecording {
  readonly id: string;
  /** Bytes of output that are recorded; an `append` that is under way does not count. */
  readonly end: number;
  /** The sizes that its output was written for, up to where it was opened; from there on the owner adds them. */
  readonly sizes: SizeHistory;
  /** True when it has its signed end, also from an earlier process: it can only be read. */
  readonly ended: boolean;
  /** Why nothing is recorded at the moment; input must be refused until it is null again. */
  readonly trouble: RecordingTrouble | null;
  /**
   * Records output; nobody may see the bytes before it resolves. Order is that of the calls, and what comes while a write is under way
   * is written together. It never drops: while the disk refuses, it tries again and stays pending, and `trouble` says why. The caller
   * bounds how much it has pending. The bytes must not change afterwards.
   * @throws Error only when the recording is closed or finished before the bytes were recorded.
   */
  append(bytes: Uint8Array): Promise<void>;
  /** The terminal has another size from here on. */
  resize(size: TerminalSize): void;
  /** Something was typed. Kept only if the organisation wants it, and then only as far as the router echoes it. */
  input(bytes: Uint8Array): void;
  /** A point of interest from here on, such as a take-over; one line, at most 200 characters of it are kept. */
  marker(label: string): void;
  /**
   * Recorded output from offset `from`, 0 <= from <= `end`; exact bytes, also where they were not UTF-8.
   * @returns at most `maxBytes` (at least one byte unless `from` is `end`).
   * @throws RangeError for an offset that is not recorded; Error when the disk does not give it back.
   */
  read(from: number, maxBytes: number): Promise<Buffer>;
  /** The terminal is over: what is pending is recorded, the chain is closed and signed. Waits while there is trouble, unless closed. It can be read until it is closed. */
  finish(exit: TerminalExit | null): Promise<void>;
  /** Lets go: the process stops or the terminal moved away. What is recorded stays, and `RecordingStore.open` continues it. */
  close(): Promise<void>;
}

/** Where terminals are recorded. */
export interface RecordingStore {
  /**
   * Begins the recording of a terminal, or continues the one that an earlier process began: a torn last event is cut off, and `end` says
   * how much output is safe. Opening a terminal whose recording is open already rejects.
   * @throws RecordingError when it cannot be recorded: nothing of the terminal may be shown then; it may be tried again.
   */
  open(terminal: RecordedTerminal): Promise<TerminalRecording>;
}

/** A terminal cannot be recorded. */
export class RecordingError extends Error {
  override name = 'RecordingError';
  readonly trouble: RecordingTrouble;

  constructor(trouble: RecordingTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}
