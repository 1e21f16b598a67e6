import { type ClientHttp2Stream, constants } from 'node:http2';
import type { FastifyBaseLogger } from 'fastify';
import { AGENT_PATHS, ConnectionReport, type ConnectionRequest, MAX_AGENT_LINE } from '../../../contract/agent.ts';
import type { AlgorithmSet } from '../../../contract/routers.ts';
import { LineReader } from '../gateway-client/line-reader.ts';
import { parseUserauthRequest } from './userauth-request.ts';

/** What it takes to reach a router's SSH server; lives as long as one connection attempt. */
export interface RouterMaterial {
  readonly routerId: string;
  readonly organisationId: string;
  readonly name: string;
  /** Sign-in name on the router. */
  readonly user: string;
  /** The pinned host key as an OpenSSH line; null when none is confirmed yet. */
  readonly hostKey: string | null;
  readonly algorithms: AlgorithmSet;
  readonly authentication:
    | { readonly type: 'password'; readonly password: string }
    | {
        readonly type: 'signer';
        readonly publicKey: string;
        /** Signs a userauth request; `algorithm` is the signature algorithm that it names. @returns the raw signature. */
        sign(data: Uint8Array, algorithm: string): Promise<Uint8Array>;
      };
}

/** What the owner of a connection hears; `sign` is answered here and never shown. */
export type ConnectionOutcome = Exclude<ConnectionReport, { type: 'sign' }>;

/** One handshake signs once or twice (some servers ask for another RSA hash); a connection that asks for more is not an SSH client. */
const MAX_SIGNATURES = 8;

export interface ConnectionStreamOptions {
  readonly stream: ClientHttp2Stream;
  readonly material: RouterMaterial;
  readonly timeoutMs: number;
  readonly onReport: (report: ConnectionOutcome) => void;
  /** The stream ended without a word, or the agent broke the contract. */
  readonly onClosed: (error: Error | null) => void;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** The stream on which the agent is told to connect, has its challenge signed and reports. Owner of its HTTP/2 stream. */
export class ConnectionStream {
  static readonly path = AGENT_PATHS.connection;
  readonly #options: ConnectionStreamOptions;
  #signatures = 0;
  #over = false;

  constructor(options: ConnectionStreamOptions) {
    this.#options = options;
    const { stream } = options;
    const lines = new LineReader(MAX_AGENT_LINE);
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) this.#end(new Error(`the agent answered ${headers[':status']}`));
    });
    stream.on('data', (chunk: Buffer) => {
      if (this.#over) return;
      try {
        for (const line of lines.push(chunk)) this.#take(ConnectionReport.parse(JSON.parse(line)));
      } catch (cause) {
        this.#end(new Error('the agent broke the contract', { cause }));
      }
    });
    stream.on('error', (error) => this.#end(error));
    stream.on('close', () => this.#end(null));
    stream.on('end', () => this.#end(null));
    this.#say({
      type: 'connect',
      user: options.material.user,
      hostKey: options.material.hostKey,
      algorithms: options.material.algorithms,
      authentication:
        options.material.authentication.type === 'password'
          ? { type: 'password', password: options.material.authentication.password }
          : { type: 'signer', publicKey: options.material.authentication.publicKey },
      timeoutMs: options.timeoutMs,
    });
  }

  /** Ends the SSH connection to the router, and with it every terminal. */
  disconnect(): void {
    this.#say({ type: 'disconnect' });
  }

  /** Lets go of the stream; the SSH connection and its terminals go on. */
  close(): void {
    this.#over = true;
    const { stream } = this.#options;
    if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
  }

  #take(report: ConnectionReport): void {
    if (this.#over) return;
    if (report.type === 'sign') void this.#sign(report.id, report.data);
    else this.#options.onReport(report);
  }

  async #sign(id: number, text: string): Promise<void> {
    let signature: string | null = null;
    try {
      signature = await this.#signature(Buffer.from(text, 'base64'));
    } catch (error) {
      this.#options.log.warn({ err: error, routerId: this.#options.material.routerId }, 'a signature failed');
    }
    this.#say({ type: 'signature', id, signature });
  }

  async #signature(data: Buffer): Promise<string | null> {
    const { authentication, user, routerId } = this.#options.material;
    if (authentication.type !== 'signer') return null;
    this.#signatures += 1;
    const request = parseUserauthRequest(data, user, authentication.publicKey);
    if (request === null || this.#signatures > MAX_SIGNATURES) {
      this.#options.log.warn({ routerId }, 'a sandbox asked for a signature that is not its own sign-in');
      return null;
    }
    return Buffer.from(await authentication.sign(data, request.algorithm)).toString('base64');
  }

  #say(request: ConnectionRequest): void {
    const { stream } = this.#options;
    if (!this.#over && stream.writable) stream.write(`${JSON.stringify(request)}\n`);
  }

  #end(error: Error | null): void {
    if (this.#over) return;
    this.close();
    this.#options.onClosed(error);
  }
}
