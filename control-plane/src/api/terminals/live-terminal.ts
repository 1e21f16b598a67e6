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
import { SizeHistory } from '../recordings/size-history.ts';
import type { TerminalRecording } from '../recordings/terminal-recording.ts';
import { AgentLine, type AgentLineListener, type TerminalLink } from './agent-line.ts';
import { OUTPUT_HEADER } from './frame-check.ts';
import { InputLine } from './input-line.ts';
import { RecentOutput } from './recent-output.ts';
import { RecordingLine } from './recording-line.ts';
import type { ScreenFollower, ScreenShot, ScreenSource } from './screens/screen-follower.ts';
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
 * the ways into its recording and to its agent, of its screen and its viewers.
 */
export class LiveTerminal implements ViewedTerminal, AgentLineListener {
  readonly terminal: Terminal;
  readonly #options: LiveTerminalOptions;
  readonly #line: AgentLine;
  readonly #recording: RecordingLine;
  readonly #input: InputLine<Viewer>;
  readonly #roles = new Roles();
  #recent = new RecentOutput(0, RECENT_BYTES_ALONE);
  #sizes: SizeHistory;
  #screen: ScreenFollower | null = null;
  #shot: Promise<ScreenShot> | null = null;
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
      from: () => (this.#recording.isOpen && this.#received === this.#recent.end ? this.#received : null),
      listener: this,
      log: options.log,
    });
    this.#input = new InputLine({
      write: (frame) => this.#line.write(frame),
      credit: (viewer, bytes) => viewer.credit(bytes),
    });
    this.#recording = new RecordingLine({
      terminalId: terminal.id,
      open: options.openRecording,
      begin: (recording) => this.#begin(recording),
      onTrouble: () => this.#tellStatus(),
      log: options.log,
    });
  }

  get opened(): Promise<void> {
    return this.#recording.opened;
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
    await this.#recording.end(this.#exit);
  }

  /** Lets go of everything; the terminal lives on and its recording is continued by whoever comes next. Never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#letGo(CLOSE.goingAway, 'the server stops');
    await this.#recording.close();
  }

  // What the agent says.

  output(frame: Buffer, offset: number): void {
    this.#received += frame.length - OUTPUT_HEADER;
    this.#recording.append(frame.subarray(OUTPUT_HEADER), () => this.#recorded(frame, offset));
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
    void this.#recording.finish(exit);
    this.#options.listener.ended();
  }

  // What viewers ask.

  read(from: number, maxBytes: number): Promise<Uint8Array> {
    const recent = this.#recent.copy(from, maxBytes);
    return recent === null ? this.#recording.read(from, maxBytes) : Promise.resolve(recent);
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
    return this.#roles.statusFor(viewer, this.#recording.trouble);
  }

  input(viewer: Viewer, frame: Buffer): boolean {
    const held = viewer.identity.access === 'own' && this.#options.held();
    if (!this.drives(viewer) || held || this.#recording.trouble !== null || this.#exit !== null) return false;
    this.#lastInputAt = Date.now();
    this.#recording.input(frame.subarray(1));
    this.#input.push(viewer, frame);
    this.#options.listener.typed();
    return true;
  }

  resize(viewer: Viewer, { cols, rows }: TerminalSize): void {
    if (!this.drives(viewer) || isSame(this.#sizes.current, { cols, rows })) return;
    // Where it takes effect among what is shown: behind all that has come.
    const offset = this.#received;
    this.#sizes.add({ offset, cols, rows });
    this.#recording.resize({ cols, rows });
    this.#line.resize({ cols, rows });
    this.#pumpAll();
  }

  takeOver(viewer: Viewer): void {
    const from = this.#roles.takeOver(viewer);
    if (from === undefined) return;
    if (from !== null) {
      this.#input.drop(from);
      this.#recording.marker(`${viewer.identity.actor.name} took over`);
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

  #begin(recording: TerminalRecording): void {
    const { end } = recording;
    this.#takeUp(recording);
    this.#recent = new RecentOutput(end, this.#roles.size > 0 ? RECENT_BYTES : RECENT_BYTES_ALONE);
    this.#received = end;
    this.#alone = end;
    this.#begunAt = end;
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

  /** Goes on from the sizes that the recording knows: what was there before this process is parsed in those that it was written for. */
  #takeUp({ sizes, end }: TerminalRecording): void {
    const { current } = this.#sizes;
    this.#sizes = sizes;
    // Somebody may have made it another size while it was opened.
    if (!isSame(current, this.terminal)) this.#recording.resize(current);
    if (!isSame(current, sizes.current)) sizes.add({ offset: end, ...current });
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

  #letGo(code: number, reason: string): void {
    this.#closed = true;
    this.#line.close();
    this.#screen?.close();
    for (const viewer of this.viewers) viewer.close(code, reason);
  }
}

function isSame(one: TerminalSize, other: TerminalSize): boolean {
  return one.cols === other.cols && one.rows === other.rows;
}

function instant(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
