import type { FastifyBaseLogger } from 'fastify';
import type { WebSocket } from 'ws';
import type { RecordingTrouble } from '../../../contract/recordings.ts';
import type { ListedTerminal, Terminal, TerminalSize } from '../../../contract/sessions.ts';
import {
  OUTPUT_WINDOW,
  type TerminalExit,
  type TerminalNotice,
  type TerminalStatus,
} from '../../../contract/terminal-frames.ts';
import { CLOSE } from '../events/person-sockets.ts';
import { RecordingError, type TerminalRecording } from '../recordings/terminal-recording.ts';
import { AgentLine, type AgentLineListener, type TerminalLink } from './agent-line.ts';
import { OUTPUT_HEADER } from './frame-check.ts';
import { InputLine } from './input-line.ts';
import { RecentOutput } from './recent-output.ts';
import type { ScreenFollower, ScreenShot, ScreenSource } from './screens/screen-follower.ts';
import { SizeHistory } from './size-history.ts';
import { Roles } from './roles.ts';
import { type Resumption, type ViewedTerminal, Viewer, type ViewerIdentity } from './viewer.ts';

/** Bytes that a terminal may run ahead of what its driver has parsed, besides the agent's window. */
export const DRIVER_AHEAD = 262_144;
/** Bytes that a terminal may run ahead of its screen, so that nobody who joins waits long. */
export const SCREEN_AHEAD = 67_108_864;
/** Recent output kept in memory: all that a driver can be behind; little while nobody looks. */
export const RECENT_BYTES = OUTPUT_WINDOW + DRIVER_AHEAD;
export const RECENT_BYTES_ALONE = 65_536;
/** Somebody who joins with more viewers there already is turned away. */
export const VIEWERS_PER_TERMINAL = 128;
/** A recording that cannot be begun is tried again after this, in milliseconds. */
const OPEN_AGAIN_MS = 1_000;

/** What others want to know of a terminal. */
export interface LiveTerminalListener {
  /** Somebody typed; called for each piece. */
  typed(): void;
  /** Somebody drives who did not before; `from` drove until then. */
  tookOver(by: ViewerIdentity, from: ViewerIdentity): void;
  /** Its program has ended, or the agent does not have it any more. */
  ended(): void;
}

export interface LiveTerminalOptions {
  /** As the agent tells of it. */
  readonly terminal: Terminal;
  readonly openRecording: (onTrouble: (trouble: RecordingTrouble | null) => void) => Promise<TerminalRecording>;
  readonly follow: (source: ScreenSource) => ScreenFollower;
  readonly link: () => TerminalLink | null;
  /** Bytes that the terminal may run on while nobody drives it. */
  readonly detachedAhead: number;
  /** Whether input of the session's person is held back. */
  readonly held: () => boolean;
  readonly listener: LiveTerminalListener;
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}

/**
 * One terminal of a session, read all the time: what the agent sends is recorded first, then shown to everybody who is there. Owner of
 * its recording, its attachment, its screen and its viewers.
 */
export class LiveTerminal implements ViewedTerminal, AgentLineListener {
  readonly terminal: Terminal;
  readonly opened: Promise<void>;
  readonly #options: LiveTerminalOptions;
  readonly #line: AgentLine;
  readonly #input: InputLine<Viewer>;
  readonly #roles = new Roles();
  #recent = new RecentOutput(0, RECENT_BYTES_ALONE);
  readonly #sizes: SizeHistory;
  #recording: TerminalRecording | null = null;
  #screen: ScreenFollower | null = null;
  #shot: Promise<ScreenShot> | null = null;
  #trouble: RecordingTrouble | null = null;
  /** Output received, recorded or not. */
  #received = 0;
  /** Where the driver left; nobody drives. */
  #alone = 0;
  /** Where the recording ended when it was opened. */
  #begunAt = 0;
  #exit: TerminalExit | null = null;
  #lastOutputAt: number | null = null;
  #lastInputAt: number | null = null;
  #pumpDue = false;
  #finishing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopWaiting: () => void = () => {};
  #closed = false;

  constructor(options: LiveTerminalOptions) {
    const { terminal } = options;
    this.terminal = terminal;
    this.#options = options;
    this.#sizes = new SizeHistory({ offset: 0, cols: terminal.cols, rows: terminal.rows });
    this.#line = new AgentLine({
      terminalId: terminal.id,
      link: options.link,
      // What is being recorded will be: attaching before it is would let the agent forget it.
      from: () => (this.#recording !== null && this.#received === this.#recent.end ? this.#received : null),
      listener: this,
      log: options.log,
    });
    this.#input = new InputLine({
      write: (frame) => this.#line.write(frame),
      credit: (viewer, bytes) => viewer.credit(bytes),
    });
    this.opened = this.#open();
    this.opened.catch(() => undefined);
  }

  get recent(): RecentOutput {
    return this.#recent;
  }

  get sizes(): SizeHistory {
    return this.#sizes;
  }

  get exit(): TerminalExit | null {
    return this.#received === this.#recent.end ? this.#exit : null;
  }

  /** True once its program has ended. */
  get over(): boolean {
    return this.#exit !== null;
  }

  get viewers(): Iterable<Viewer> {
    return this.#roles.everybody;
  }

  /** When it last showed something, in milliseconds since the epoch. */
  get lastOutputAt(): number | null {
    return this.#lastOutputAt;
  }

  /** There is a link to the agent. */
  linked(): void {
    this.#line.connect();
  }

  /** Takes a page in. It drives when it may and wants to, and nobody else does. */
  join(socket: WebSocket, identity: ViewerIdentity, resumption: Resumption, wantsToDrive: boolean): void {
    const viewer = new Viewer(socket, identity, resumption, this);
    const earlier = this.#roles.earlierOf(identity);
    if (this.#roles.size >= VIEWERS_PER_TERMINAL && earlier === undefined) {
      return viewer.close(CLOSE.tooMany, 'too many viewers');
    }
    // A page that comes back is what it was.
    const drove = earlier !== undefined && earlier === this.#roles.driver;
    earlier?.close(CLOSE.takenOver, 'attached again');
    this.#roles.add(viewer, drove || wantsToDrive);
    this.#recent.limit(RECENT_BYTES);
    this.#tellStatus();
    viewer.begin();
  }

  notice(notice: TerminalNotice): void {
    for (const viewer of this.viewers) viewer.notice(notice);
  }

  view(): ListedTerminal {
    const { title, ran } = this.#screen ?? { title: '', ran: null };
    return {
      ...this.terminal,
      ...this.#sizes.current,
      title: title || this.terminal.title,
      ran,
      offset: this.#recent.end,
      exit: this.#exit === null ? this.terminal.exit : { code: this.#exit.code, signal: this.#exit.signal },
      lastOutputAt: instant(this.#lastOutputAt),
      lastInputAt: instant(this.#lastInputAt),
      ...this.#roles.summary(),
    };
  }

  /** The terminal is over for good: tells everybody, ends the recording. Never rejects. */
  async end(code: number, reason: string): Promise<void> {
    if (this.#closed) return;
    this.#exit ??= { code: null, signal: null, reason: 'closed' };
    this.#letGo(code, reason);
    await this.#finish();
    await this.#closeRecording();
  }

  /** Lets go of everything; the terminal lives on and its recording is continued by whoever comes next. Never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#letGo(CLOSE.goingAway, 'the server stops');
    await this.#closeRecording();
  }

  // What the agent says.

  output(frame: Buffer, offset: number): void {
    this.#received += frame.length - OUTPUT_HEADER;
    this.#recording?.append(frame.subarray(OUTPUT_HEADER)).then(
      () => this.#recorded(frame, offset),
      (error: unknown) => this.#options.log.warn({ err: error }, 'output came for a recording that is closed'),
    );
  }

  taken(total: number): void {
    this.#input.taken(total);
  }

  attached(): void {
    // The agent may have come by another size while we were away.
    this.#line.resize(this.#sizes.current);
    this.#input.pump();
  }

  broke(): void {
    for (const viewer of this.#input.broke()) viewer.close(CLOSE.tryAgain, 'the terminal is away');
  }

  gone(): void {
    this.exited({ code: null, signal: null, reason: 'closed' });
  }

  exited(exit: TerminalExit): void {
    if (this.#exit !== null || this.#closed) return;
    this.#exit = exit;
    this.#pumpAll();
    void this.#finish();
    this.#options.listener.ended();
  }

  // What viewers ask.

  read(from: number, maxBytes: number): Promise<Uint8Array> {
    const recent = this.#recent.copy(from, maxBytes);
    if (recent !== null) return Promise.resolve(recent);
    if (this.#recording === null) return Promise.reject(new Error('nothing is recorded yet'));
    return this.#recording.read(from, maxBytes);
  }

  /** One for all who ask while it is made: what follows it is there for each of them. */
  screen(): Promise<ScreenShot> {
    if (this.#screen === null) return Promise.reject(new Error('nothing is recorded yet'));
    this.#shot ??= this.#screen.screen().finally(() => (this.#shot = null));
    return this.#shot;
  }

  drives(viewer: Viewer): boolean {
    return viewer === this.#roles.driver;
  }

  statusFor(viewer: Viewer): TerminalStatus {
    return this.#roles.statusFor(viewer, this.#trouble);
  }

  input(viewer: Viewer, frame: Buffer): boolean {
    const held = viewer.identity.access === 'own' && this.#options.held();
    if (!this.drives(viewer) || held || this.#trouble !== null || this.#exit !== null) return false;
    this.#lastInputAt = Date.now();
    this.#recording?.input(frame.subarray(1));
    this.#input.push(viewer, frame);
    this.#options.listener.typed();
    return true;
  }

  resize(viewer: Viewer, { cols, rows }: TerminalSize): void {
    const { current } = this.#sizes;
    if (!this.drives(viewer) || (current.cols === cols && current.rows === rows)) return;
    // Where it takes effect among what is shown: behind all that has come.
    const offset = this.#received;
    this.#sizes.add({ offset, cols, rows });
    this.#recording?.resize({ cols, rows });
    this.#line.resize({ cols, rows });
    this.#pumpAll();
  }

  takeOver(viewer: Viewer): void {
    const from = this.#roles.takeOver(viewer);
    if (from === undefined) return;
    if (from !== null) {
      this.#input.drop(from);
      this.#recording?.marker(`${viewer.identity.actor.name} took over`);
      this.#options.listener.tookOver(viewer.identity, from.identity);
    }
    this.#options.listener.typed();
    this.#tellStatus();
    this.#acknowledge();
  }

  acknowledged(viewer: Viewer): void {
    if (this.drives(viewer)) this.#acknowledge();
  }

  left(viewer: Viewer): void {
    const drove = this.drives(viewer);
    if (!this.#roles.remove(viewer)) return;
    if (drove) {
      this.#alone = this.#recent.end;
      this.#input.drop(viewer);
    }
    if (this.#roles.size === 0) this.#recent.limit(RECENT_BYTES_ALONE);
    this.#tellStatus();
    this.#acknowledge();
  }

  /** Begins or continues the recording; tries until it can be recorded. @throws Error when the terminal is let go of before. */
  async #open(): Promise<void> {
    for (;;) {
      try {
        const recording = await this.#options.openRecording((trouble) => this.#troubled(trouble));
        if (this.#closed) return await recording.close();
        return this.#begin(recording);
      } catch (error) {
        if (this.#closed) throw error;
        this.#options.log.error({ err: error, terminalId: this.terminal.id }, 'a terminal cannot be recorded');
        this.#troubled(error instanceof RecordingError ? error.trouble : 'broken');
        await new Promise<void>((resolve) => {
          this.#timer = setTimeout(resolve, OPEN_AGAIN_MS);
          this.#stopWaiting = resolve;
        });
        if (this.#closed) throw error;
      }
    }
  }

  #begin(recording: TerminalRecording): void {
    const { end } = recording;
    this.#recording = recording;
    this.#recent = new RecentOutput(end, this.#roles.size > 0 ? RECENT_BYTES : RECENT_BYTES_ALONE);
    this.#received = end;
    this.#alone = end;
    this.#begunAt = end;
    this.#troubled(recording.trouble);
    this.#screen = this.#options.follow({
      sizes: this.#sizes,
      end: () => this.#recent.end,
      lastOutputAt: () => this.#lastOutputAt,
      textFrom: () => this.#recent.textFrom,
      read: (from, maxBytes) => this.read(from, maxBytes),
    });
    this.#screen.onReached = () => this.#acknowledge();
    // It ended while an earlier process was there: there is nothing to come.
    if (recording.ended) this.#exit ??= { signal: null, code: null, ...this.terminal.exit, reason: 'exited' };
    else this.#line.connect();
  }

  #recorded(frame: Buffer, offset: number): void {
    if (this.#closed) return;
    if (offset !== this.#recent.end) throw new RangeError('output was recorded in another order than it came');
    this.#recent.push(frame);
    this.#lastOutputAt = Date.now();
    this.#roles.driver?.pump();
    // Who only looks comes after who types, and may get several pieces at once.
    if (this.#roles.accompanied && !this.#pumpDue) {
      this.#pumpDue = true;
      setImmediate(() => {
        this.#pumpDue = false;
        this.#pumpAll();
      });
    }
    this.#acknowledge();
    if (this.#received === this.#recent.end) this.#line.connect();
  }

  /** Tells the agent how far it may go on: what is recorded, and not too far ahead of who drives, or of where nobody did. */
  #acknowledge(): void {
    const parsed = this.#roles.driver?.acked ?? null;
    const ahead = parsed === null ? this.#alone + this.#options.detachedAhead : parsed + DRIVER_AHEAD;
    // What was there before this process is parsed while the terminal goes on.
    const screen = Math.max(this.#screen?.reached ?? 0, this.#begunAt) + SCREEN_AHEAD;
    this.#line.acknowledge(Math.min(this.#recent.end, ahead, screen));
  }

  #pumpAll(): void {
    for (const viewer of this.viewers) viewer.pump();
  }

  #tellStatus(): void {
    for (const viewer of this.viewers) viewer.tellStatus();
  }

  #troubled(trouble: RecordingTrouble | null): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#tellStatus();
  }

  #letGo(code: number, reason: string): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stopWaiting();
    this.#line.close();
    this.#screen?.close();
    for (const viewer of this.viewers) viewer.close(code, reason);
  }

  #finish(): Promise<void> {
    this.#finishing ??= (this.#recording?.finish(this.#exit) ?? Promise.resolve()).catch((error: unknown) =>
      this.#options.log.error({ err: error }, 'a recording was not finished'),
    );
    return this.#finishing;
  }

  async #closeRecording(): Promise<void> {
    try {
      await this.#recording?.close();
    } catch (error) {
      this.#options.log.error({ err: error }, 'a recording was not closed');
    }
  }
}

function instant(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
