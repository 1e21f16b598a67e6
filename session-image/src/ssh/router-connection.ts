import type { Socket } from 'node:net';
import type { Client, ClientChannel, ClientErrorExtensions } from 'ssh2';
import type { TerminalSize } from '@netpilot/control-plane/contract/sessions.ts';
import { ProblemError } from '../link/problem.ts';
import { ChannelTurns, needsTurns } from './channel-turns.ts';
import { printable } from './finding.ts';
import { boundIncoming, boundOutgoing } from './flow-window.ts';
import type { SeenHostKey } from './host-key.ts';

export type RouterChannel = ClientChannel;

/** Asks ssh2 for a channel. */
type Start = (done: (error: Error | undefined, channel: ClientChannel) => void) => void;

/** Twice the flow-control window that we grant (RFC 4254, section 5.2); ssh2 itself does not stop a router that ignores it. */
const MAX_UNREAD = 4 * 1_048_576;
/** Milliseconds a router has to open a channel. */
const OPEN_TIMEOUT_MS = 15_000;

/** What is known of a router once it let us in. */
export interface RouterFacts {
  hostKey: SeenHostKey;
  serverIdent: string;
  milliseconds: number;
}

/** An authenticated SSH connection and its channels. It owns the client and its socket until it is lost. */
export class RouterConnection {
  readonly facts: RouterFacts;
  /** Resolves once the connection is over, with the reason in words. */
  readonly lost: Promise<string>;
  readonly #client: Client;
  readonly #channels = new Set<ClientChannel>();
  /** Null for a server that opens channels in any order. */
  readonly #turns: ChannelTurns | null;
  /** The quickest opening of a channel so far: two questions, one after the other. */
  #roundTripMs = Number.POSITIVE_INFINITY;
  #reason: string | null = null;
  #alive = true;

  constructor(client: Client, socket: Socket, facts: RouterFacts) {
    this.facts = facts;
    this.#client = client;
    this.#turns = needsTurns(facts.serverIdent) ? new ChannelTurns(client) : null;
    client.on('error', (error: Error & ClientErrorExtensions) => {
      this.#reason ??= error.level === 'client-timeout' ? 'The router no longer answers.' : printable(error.message);
    });
    socket.on('data', () => {
      for (const channel of this.#channels) {
        if (channel.readableLength + channel.stderr.readableLength <= MAX_UNREAD) continue;
        this.#reason ??= 'The router sent more than it was allowed to.';
        socket.destroy();
      }
    });
    this.lost = new Promise((resolve) => {
      client.once('close', () => {
        this.#alive = false;
        resolve(this.#reason ?? 'The router closed the connection.');
      });
    });
  }

  /** False from the moment of the loss, before the channels close. */
  get alive(): boolean {
    return this.#alive;
  }

  /** Opens a shell with a terminal. @throws ProblemError `router_refused`, `not_connected` */
  openShell(size: TerminalSize): Promise<ClientChannel> {
    const window = { term: 'xterm-256color', cols: size.cols, rows: size.rows, width: 0, height: 0 };
    return this.#openResident((done) => this.#client.shell(window, done));
  }

  /** Runs a command without a terminal. @throws ProblemError `router_refused`, `not_connected` */
  openExec(command: string): Promise<ClientChannel> {
    const open = () => this.#open((done) => this.#client.exec(command, done));
    return this.#turns === null ? open() : this.#turns.command(open);
  }

  /** Starts a subsystem of the router (RFC 4254, section 6.5). @throws ProblemError `router_refused`, `not_connected` */
  openSubsystem(name: string): Promise<ClientChannel> {
    return this.#openResident((done) => this.#client.subsys(name, done));
  }

  /** Says goodbye and closes; `lost` resolves soon after. */
  end(reason: string): void {
    this.#reason ??= reason;
    this.#client.end();
    this.#client.destroy();
  }

  #openResident(start: Start): Promise<ClientChannel> {
    const open = () => this.#open(start);
    return this.#turns === null ? open() : this.#turns.resident(open);
  }

  #bound(channel: ClientChannel, openingMs: number): void {
    this.#roundTripMs = Math.min(this.#roundTripMs, openingMs / 2);
    boundIncoming(channel, this.#roundTripMs);
    boundOutgoing(channel, this.#roundTripMs, this.facts.serverIdent);
  }

  #open(start: Start): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      let late = false;
      const since = performance.now();
      const timer = setTimeout(() => {
        late = true;
        reject(new ProblemError('router_refused', 'The router did not answer in time.'));
      }, OPEN_TIMEOUT_MS);
      try {
        start((error, channel) => {
          clearTimeout(timer);
          // What is waiting when the connection ends is told so by ssh2, in the same way as a refusal.
          if (error && !this.#alive) return reject(notConnected());
          if (error) return reject(new ProblemError('router_refused', printable(error.message)));
          channel.on('error', () => undefined);
          this.#bound(channel, performance.now() - since);
          if (late) return channel.close();
          this.#channels.add(channel);
          channel.once('close', () => this.#channels.delete(channel));
          resolve(channel);
        });
      } catch {
        clearTimeout(timer);
        reject(notConnected());
      }
    });
  }
}

function notConnected(): ProblemError {
  return new ProblemError('not_connected', 'The router is not connected.');
}
