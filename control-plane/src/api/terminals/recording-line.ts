import type { FastifyBaseLogger } from 'fastify';
import type { RecordingTrouble } from '../../../contract/recordings.ts';
import type { TerminalSize } from '../../../contract/sessions.ts';
import type { TerminalExit } from '../../../contract/terminal-frames.ts';
import { RecordingError, type TerminalRecording } from '../recordings/terminal-recording.ts';

/** A recording that cannot be begun is tried again after this, in milliseconds. */
const OPEN_AGAIN_MS = 1_000;

export interface RecordingLineOptions {
  readonly terminalId: number;
  readonly open: (onTrouble: (trouble: RecordingTrouble | null) => void) => Promise<TerminalRecording>;
  /** It is open; called once, before `opened` resolves. */
  readonly begin: (recording: TerminalRecording) => void;
  /** The trouble is another one. */
  readonly onTrouble: () => void;
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}

/** The way of one terminal into its recording: tried until it is open, then written, and ended or let go of once. Owner of the recording. */
export class RecordingLine {
  /** Rejects when it is let go of before. */
  readonly opened: Promise<void>;
  readonly #options: RecordingLineOptions;
  #recording: TerminalRecording | null = null;
  #trouble: RecordingTrouble | null = null;
  #finishing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopWaiting: () => void = () => {};
  #closed = false;

  constructor(options: RecordingLineOptions) {
    this.#options = options;
    this.opened = this.#open();
    this.opened.catch(() => undefined);
  }

  get isOpen(): boolean {
    return this.#recording !== null;
  }

  /** Why nothing is recorded at the moment. */
  get trouble(): RecordingTrouble | null {
    return this.#trouble;
  }

  /** Records output, and calls back in the order of the calls once it is; never when it is closed before. */
  append(bytes: Uint8Array, recorded: () => void): void {
    this.#recording
      ?.append(bytes)
      .then(recorded, (error: unknown) =>
        this.#options.log.warn({ err: error }, 'output came for a recording that is closed'),
      );
  }

  /** @throws Error before it is open, and whatever the recording throws. */
  async read(from: number, maxBytes: number): Promise<Uint8Array> {
    if (this.#recording === null) throw new Error('nothing is recorded yet');
    return this.#recording.read(from, maxBytes);
  }

  resize(size: TerminalSize): void {
    this.#recording?.resize(size);
  }

  input(bytes: Uint8Array): void {
    this.#recording?.input(bytes);
  }

  marker(label: string): void {
    this.#recording?.marker(label);
  }

  /** There is no more output; it can still be read. Never rejects. */
  finish(exit: TerminalExit | null): Promise<void> {
    this.#finishing ??= (this.#recording?.finish(exit) ?? Promise.resolve()).catch((error: unknown) =>
      this.#options.log.error({ err: error }, 'a recording was not finished'),
    );
    return this.#finishing;
  }

  /** Lets go of it for good, ended. Never rejects. */
  async end(exit: TerminalExit | null): Promise<void> {
    this.#letGo();
    await this.finish(exit);
    await this.#close();
  }

  /** Lets go of it; whoever opens it next continues it. Never rejects. */
  close(): Promise<void> {
    this.#letGo();
    return this.#close();
  }

  async #open(): Promise<void> {
    for (;;) {
      try {
        const recording = await this.#options.open((trouble) => this.#troubled(trouble));
        if (this.#closed) return await recording.close();
        this.#recording = recording;
        this.#troubled(recording.trouble);
        return this.#options.begin(recording);
      } catch (error) {
        if (this.#closed) throw error;
        this.#options.log.error({ err: error, terminalId: this.#options.terminalId }, 'a terminal cannot be recorded');
        this.#troubled(error instanceof RecordingError ? error.trouble : 'broken');
        await new Promise<void>((resolve) => {
          this.#timer = setTimeout(resolve, OPEN_AGAIN_MS);
          this.#stopWaiting = resolve;
        });
        if (this.#closed) throw error;
      }
    }
  }

  #troubled(trouble: RecordingTrouble | null): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.onTrouble();
  }

  #letGo(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stopWaiting();
  }

  async #close(): Promise<void> {
    try {
      await this.#recording?.close();
    } catch (error) {
      this.#options.log.error({ err: error }, 'a recording was not closed');
    }
  }
}
