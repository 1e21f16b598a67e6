import type { FastifyBaseLogger } from 'fastify';
import type { WebSocket } from 'ws';
import type { ListedTerminal, Terminal } from '../../../contract/sessions.ts';
import type { TerminalNotice } from '../../../contract/terminal-frames.ts';
import type { Actor } from '../access/actor.ts';
import { ProblemError } from '../errors.ts';
import { CLOSE, closeSocket } from '../events/person-sockets.ts';
import type { RecordingStore } from '../recordings/terminal-recording.ts';
import type { SandboxLink } from '../sandbox-link/sandbox-link.ts';
import type { SessionIdentity } from '../sessions/session-identity.ts';
import { LiveTerminal } from './live-terminal.ts';
import type { Screens } from './screens/screens.ts';
import type { Resumption, ViewerIdentity } from './viewer.ts';

/** Terminals whose program ended that stay listed, as many as the agent keeps; the oldest go first. */
const MOST_EXITED = 16;
/** Milliseconds after which a list that the agent did not give is asked for again. */
const LIST_AGAIN_MS = 1_000;

/** Told of what should be in the audit trail. */
export interface TerminalEvents {
  /** Somebody drives a terminal from which somebody else was driving it. */
  tookOver(session: SessionIdentity, terminalId: number, by: Actor, from: Actor): void;
}

/** What terminals of all sessions share. */
export interface TerminalServices {
  readonly recordings: Pick<RecordingStore, 'open'>;
  readonly screens: Pick<Screens, 'follow'>;
  /** Bytes that a terminal may run on while nobody drives it; then its program waits. */
  readonly detachedAhead: number;
  readonly events: TerminalEvents;
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}

export interface SessionTerminalsOptions {
  readonly identity: SessionIdentity;
  readonly imageDigest: () => string | null;
  readonly services: TerminalServices;
  /** Whether the person's input is held back. */
  readonly held: () => boolean;
  /** Somebody typed. */
  readonly onInput: () => void;
}

/** Somebody who wants to be shown a terminal. */
export interface AttachRequest {
  readonly socket: WebSocket;
  readonly identity: ViewerIdentity;
  readonly resumption: Resumption;
  /** False for a page that wants to follow although nobody drives. */
  readonly wantsToDrive: boolean;
}

type TerminalsLink = Pick<SandboxLink, 'attach' | 'up' | 'listTerminals'>;

/** The terminals of one session, from its first link to its end. Knows of all that the agent has, once it was asked. */
export class SessionTerminals {
  readonly #options: SessionTerminalsOptions;
  readonly #terminals = new Map<number, LiveTerminal>();
  #link: TerminalsLink | null = null;
  #known = false;
  #listing = false;
  #timer: NodeJS.Timeout | undefined;
  #over: 'ended' | 'closed' | null = null;

  constructor(options: SessionTerminalsOptions) {
    this.#options = options;
  }

  /** An agent is on the link (again). */
  linked(link: TerminalsLink): void {
    this.#link = link;
    for (const terminal of this.#terminals.values()) terminal.linked();
    if (!this.#known) void this.#list();
  }

  /** The agent has opened a terminal. */
  opened(terminal: Terminal): ListedTerminal {
    return this.#add(terminal).view();
  }

  /** All terminals, oldest first. @throws ProblemError `session_not_live` until the agent was asked for them. */
  list(): ListedTerminal[] {
    if (!this.#known) throw new ProblemError('session_not_live');
    return [...this.#terminals.values()].map((terminal) => terminal.view());
  }

  /** Takes a page in, or closes its socket with the reason. */
  attach(terminalId: number, { socket, identity, resumption, wantsToDrive }: AttachRequest): void {
    const terminal = this.#terminals.get(terminalId);
    if (terminal !== undefined) return terminal.join(socket, identity, resumption, wantsToDrive);
    if (this.#over === 'ended') closeSocket(socket, CLOSE.sessionOver, 'the session has ended');
    else if (this.#known) closeSocket(socket, CLOSE.gone, 'no such terminal');
    else closeSocket(socket, CLOSE.tryAgain, 'the terminals are not known yet');
  }

  /** The agent has closed a terminal. Its recording is finished behind, which a disk that fails may hold up. */
  deleted(terminalId: number): void {
    const terminal = this.#terminals.get(terminalId);
    this.#terminals.delete(terminalId);
    void terminal?.end(CLOSE.gone, 'the terminal was closed');
  }

  /** Closes the sockets of the viewers that `which` says; the terminals go on. */
  closeWhere(which: (identity: ViewerIdentity) => boolean, code: number, reason: string): void {
    for (const { viewers } of this.#terminals.values()) {
      for (const viewer of viewers) if (which(viewer.identity)) viewer.close(code, reason);
    }
  }

  /** Tells every page that is there. */
  notice(notice: TerminalNotice): void {
    for (const terminal of this.#terminals.values()) terminal.notice(notice);
  }

  /** Everybody at the terminals, one for each page. */
  *viewers(): Iterable<ViewerIdentity & { readonly terminalId: number; readonly since: number }> {
    for (const [terminalId, terminal] of this.#terminals) {
      for (const { identity, since } of terminal.viewers) yield { ...identity, terminalId, since };
    }
  }

  /** Bytes of output so far. */
  get bytes(): number {
    let bytes = 0;
    for (const { recent } of this.#terminals.values()) bytes += recent.end;
    return bytes;
  }

  /** Milliseconds since the epoch; null before there was output. */
  get lastOutputAt(): number | null {
    const times = [...this.#terminals.values()].map(({ lastOutputAt }) => lastOutputAt).filter((at) => at !== null);
    return times.length === 0 ? null : Math.max(...times);
  }

  /** The session is over: no byte flows any more, recordings are finished. */
  end(): void {
    if (this.#over !== null) return;
    this.notice({ kind: 'session_ended', text: 'The session has ended.' });
    this.#letGo('ended');
    for (const terminal of this.#terminals.values()) void terminal.end(CLOSE.sessionOver, 'the session has ended');
    this.#terminals.clear();
  }

  /** The api stops; terminals live on. */
  async close(): Promise<void> {
    if (this.#over !== null) return;
    this.#letGo('closed');
    await Promise.all([...this.#terminals.values()].map((terminal) => terminal.close()));
    this.#terminals.clear();
  }

  #letGo(how: 'ended' | 'closed'): void {
    this.#over = how;
    this.#link = null;
    clearTimeout(this.#timer);
  }

  #add(terminal: Terminal): LiveTerminal {
    const known = this.#terminals.get(terminal.id);
    if (known !== undefined) return known;
    const { identity, services, imageDigest, held, onInput } = this.#options;
    const { recordings, screens, detachedAhead, events, log } = services;
    const live = new LiveTerminal({
      terminal,
      openRecording: (onTrouble) =>
        recordings.open({
          session: identity,
          terminalId: terminal.id,
          size: { cols: terminal.cols, rows: terminal.rows },
          imageDigest: imageDigest(),
          onTrouble,
        }),
      follow: (source) => screens.follow(source),
      link: () => (this.#link?.up === true ? this.#link : null),
      detachedAhead,
      held,
      listener: {
        typed: onInput,
        tookOver: (by, from) => events.tookOver(identity, terminal.id, by.actor, from.actor),
        ended: () => this.#forgetOldest(),
      },
      log,
    });
    this.#terminals.set(terminal.id, live);
    return live;
  }

  async #list(): Promise<void> {
    const link = this.#link;
    if (link === null || this.#listing) return;
    this.#listing = true;
    try {
      for (const terminal of await link.listTerminals()) if (this.#over === null) this.#add(terminal);
      this.#known = true;
    } catch (error) {
      this.#options.services.log.warn({ err: error }, 'the terminals of a session are not known yet');
      this.#timer = setTimeout(() => void this.#list(), LIST_AGAIN_MS);
    } finally {
      this.#listing = false;
    }
  }

  #forgetOldest(): void {
    const exited = [...this.#terminals.values()].filter(({ over }) => over);
    for (const { terminal } of exited.slice(0, Math.max(0, exited.length - MOST_EXITED))) this.deleted(terminal.id);
  }
}
