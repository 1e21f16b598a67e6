import { ConnectionRequest } from '@netpilot/control-plane/contract/agent.ts';
import type { ConnectionReport } from '@netpilot/control-plane/contract/agent.ts';
import type { z } from 'zod';
import { ProblemError } from '../link/problem.ts';
import { connectRouter } from './connect.ts';
import type { ConnectOptions } from './connect.ts';
import { ConnectFailure } from './finding.ts';
import { isPinned } from './host-key.ts';
import type { RouterConnection } from './router-connection.ts';

type Connect = Extract<z.output<typeof ConnectionRequest>, { type: 'connect' }>;

/** Where reports go: one connection stream. A later stream takes the place of an earlier one. */
export interface Reporter {
  report(line: ConnectionReport): void;
  /** Asks the api for a signature. @throws Error when the stream is gone */
  sign(data: Buffer): Promise<Buffer | null>;
  /** Ends the stream after what was reported. */
  end(): void;
}

/** The one SSH connection of a sandbox: made on request, kept when a stream breaks, reported to the latest stream. */
export class ConnectionService {
  readonly #directory: string;
  readonly #keepaliveMs: number;
  #connection: RouterConnection | null = null;
  #attempt: AbortController | null = null;
  #reporter: Reporter | null = null;

  constructor(options: Pick<ConnectOptions, 'directory' | 'keepaliveMs'>) {
    this.#directory = options.directory;
    this.#keepaliveMs = options.keepaliveMs;
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  /** @throws ProblemError `not_connected` */
  require(): RouterConnection {
    if (!this.#connection) throw new ProblemError('not_connected', 'The router is not connected.');
    return this.#connection;
  }

  /**
   * Connects, or tells a new stream how things are; either way `reporter` is the one from now on. A pin that is not the key of the
   * open connection ends that connection.
   */
  async connect(request: Connect, reporter: Reporter): Promise<void> {
    this.#reporter?.end();
    this.#reporter = reporter;
    this.#attempt?.abort();
    this.#attempt = null;
    if (this.#connection) return this.#resume(this.#connection, request, reporter);

    const attempt = new AbortController();
    this.#attempt = attempt;
    const { authentication } = request;
    try {
      const connection = await connectRouter(
        {
          directory: this.#directory,
          keepaliveMs: this.#keepaliveMs,
          user: request.user,
          hostKey: request.hostKey,
          algorithms: request.algorithms,
          timeoutMs: request.timeoutMs,
          credentials:
            authentication.type === 'password'
              ? authentication
              : { ...authentication, sign: (data) => reporter.sign(data) },
        },
        attempt.signal,
      );
      if (this.#attempt !== attempt) return connection.end('The attempt was given up.');
      this.#attempt = null;
      this.#keep(connection);
    } catch (error) {
      if (this.#attempt !== attempt) return;
      this.#attempt = null;
      this.#fail(error instanceof ConnectFailure ? error : new ConnectFailure('failed', 'The agent failed.'));
    }
  }

  /** Ends connection or attempt; the terminals exit. Does nothing when there is none. */
  disconnect(): void {
    this.#attempt?.abort();
    this.#connection?.end('Disconnected on request.');
  }

  /** A stream broke or ended: the connection goes on without one. */
  forget(reporter: Reporter): void {
    if (this.#reporter === reporter) this.#reporter = null;
  }

  #keep(connection: RouterConnection): void {
    this.#connection = connection;
    this.#reporter?.report(connectedReport(connection));
    void connection.lost.then((detail) => {
      if (this.#connection !== connection) return;
      this.#connection = null;
      this.#finish({ type: 'lost', detail });
    });
  }

  #resume(connection: RouterConnection, request: Connect, reporter: Reporter): void {
    const { hostKey } = connection.facts;
    const blob = Buffer.from(hostKey.line?.split(' ')[1] ?? '', 'base64');
    if (isPinned(blob, request.hostKey)) return reporter.report(connectedReport(connection));
    this.#connection = null;
    connection.end('The host key is no longer the pinned one.');
    const finding = request.hostKey === null ? 'host_key_unconfirmed' : 'host_key_changed';
    this.#fail(new ConnectFailure(finding, 'The host key of the open connection is not the pinned one.', hostKey));
  }

  #fail(failure: ConnectFailure): void {
    this.#finish({
      type: 'failed',
      finding: failure.finding,
      detail: failure.message,
      hostKey: failure.hostKey?.line ?? null,
      fingerprint: failure.hostKey?.fingerprint ?? null,
    });
  }

  #finish(line: ConnectionReport): void {
    const reporter = this.#reporter;
    this.#reporter = null;
    reporter?.report(line);
    reporter?.end();
  }
}

function connectedReport({ facts }: RouterConnection): ConnectionReport {
  return {
    type: 'connected',
    // A connection is only kept under a pinned key, which always has a line.
    hostKey: facts.hostKey.line ?? '',
    fingerprint: facts.hostKey.fingerprint,
    serverIdent: facts.serverIdent,
    milliseconds: facts.milliseconds,
  };
}
