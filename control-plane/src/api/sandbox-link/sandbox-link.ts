import { chmod, rm } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import {
  AGENT_PATHS,
  AgentStatus,
  CONTROL_SOCKET,
  ExecResult,
  MAX_AGENT_LINE,
  Terminal,
  TerminalList,
  type TerminalSize,
} from '../../../contract/agent.ts';
import type { OperationInput, OperationName } from '../../../contract/operations/catalogue.ts';
import type { ExecInput } from '../../../contract/sessions.ts';
import { ProblemError } from '../errors.ts';
import { AgentFiles } from './agent-files.ts';
import { openStream, requestJson, requestNothing } from './agent-request.ts';
import { type Attachment, type AttachmentListener, StreamAttachment } from './attachment.ts';
import { type ConnectionOutcome, ConnectionStream, type RouterMaterial } from './connection-stream.ts';
import { type OperationAnswer, type OperationOptions, runOperation } from './operations.ts';

/** Bytes the agent may send ahead on one stream; over the terminal's own window, so that the window decides. */
const STREAM_WINDOW = 4_194_304;
const CONNECTION_WINDOW = 16_777_216;
/** Megabytes that a session's queues may hold before Node refuses its next stream; the windows are the real bound. */
const SESSION_MEMORY = 128;
const GREETING_TIMEOUT_MS = 15_000;
/** An agent that does not answer a ping for this long (stopped container) counts as lost. */
const PING_EVERY_MS = 15_000;
/** A byte of output can take six in JSON (`\u0000`). */
const JSON_GROWTH = 6;

export type LinkListener = (state: 'up' | 'down') => void;

export interface SandboxLinkOptions {
  /** The sandbox's session directory on this machine; it exists already. */
  readonly directory: string;
  readonly sandboxId: string;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
}

/** Owner of a sandbox's `control.sock` and of the agent's connection on it. */
export class SandboxLink {
  readonly sandboxId: string;
  /** The files of the router. */
  readonly files = new AgentFiles(() => this.#live());
  readonly #options: SandboxLinkOptions;
  readonly #server: Server;
  readonly #listeners = new Set<LinkListener>();
  readonly #sockets = new Set<Socket>();
  #session: ClientHttp2Session | null = null;
  /** Of connections that are over. */
  #bytesBefore = 0;
  #closed = false;

  constructor(options: SandboxLinkOptions) {
    this.#options = options;
    this.sandboxId = options.sandboxId;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.on('error', (error) => this.#options.log.warn({ err: error }, 'a control socket failed'));
  }

  /** Listens; a socket file that an earlier process left is taken away first. Rejects when the directory is not there. */
  async listen(): Promise<void> {
    const path = join(this.#options.directory, CONTROL_SOCKET);
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
    // The agent has another user id; only the sandbox has the directory, so the directory is the guard.
    await chmod(path, 0o666);
  }

  /** True while an agent is connected and has spoken. */
  get up(): boolean {
    return this.#session !== null;
  }

  /** @returns takes the listener away again. */
  on(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits until the agent is connected. Rejects with the signal's reason. */
  ready(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.up) return resolve();
      if (signal.aborted) return reject(signal.reason as Error);
      const done = () => {
        off();
        signal.removeEventListener('abort', aborted);
      };
      const off = this.on((state) => {
        if (state !== 'up') return;
        done();
        resolve();
      });
      const aborted = () => {
        done();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', aborted);
    });
  }

  /** The agent's own state. @throws ProblemError `sandbox_failed`, as every method below. */
  status(): Promise<AgentStatus> {
    return requestJson(this.#live(), { method: 'GET', path: AGENT_PATHS.status }, AgentStatus);
  }

  /**
   * Has the agent connect to the router, or takes the reports of a connection that stands already.
   * @param options.timeoutMs for the SSH handshake, 1,000 to 60,000.
   */
  connect(
    material: RouterMaterial,
    options: {
      readonly timeoutMs: number;
      readonly onReport: (report: ConnectionOutcome) => void;
      readonly onClosed: (error: Error | null) => void;
    },
  ): ConnectionStream {
    const stream = openStream(this.#live(), ConnectionStream.path);
    return new ConnectionStream({ stream, material, log: this.#options.log, ...options });
  }

  /** Opens a terminal on the router. @throws ProblemError `session_not_live`, `too_many_terminals`, `router_refused`. */
  openTerminal(size: TerminalSize): Promise<Terminal> {
    return requestJson(this.#live(), { method: 'POST', path: AGENT_PATHS.terminals, body: size }, Terminal);
  }

  /** All terminals, ended ones whose output is still kept included. */
  async listTerminals(): Promise<Terminal[]> {
    const list = await requestJson(this.#live(), { method: 'GET', path: AGENT_PATHS.terminals }, TerminalList);
    return list.terminals;
  }

  /** Closes a terminal. @throws ProblemError `not_found`. */
  deleteTerminal(terminalId: number): Promise<void> {
    return requestNothing(this.#live(), { method: 'DELETE', path: `${AGENT_PATHS.terminals}/${terminalId}` });
  }

  /** Attaches to a terminal; whoever is attached is taken over. @param offset of the output to continue at; null for what is kept. */
  attach(terminalId: number, offset: number | null, listener: AttachmentListener): Attachment {
    const query = offset === null ? '' : `?offset=${offset}`;
    const stream = openStream(this.#live(), `${AGENT_PATHS.terminals}/${terminalId}/attach${query}`);
    return new StreamAttachment(stream, listener);
  }

  /** Runs one command on the router. @throws ProblemError `session_not_live`, `exec_timeout`, `router_refused`. */
  exec(input: Required<ExecInput>, signal?: AbortSignal): Promise<ExecResult> {
    return requestJson(
      this.#live(),
      {
        method: 'POST',
        path: AGENT_PATHS.exec,
        body: input,
        timeoutMs: (input.timeoutSeconds + 15) * 1_000,
        maxBytes: input.maxBytes * JSON_GROWTH + MAX_AGENT_LINE,
        ...(signal === undefined ? {} : { signal }),
      },
      ExecResult,
    );
  }

  /** Runs one operation on the router; errors as in {@link runOperation}. */
  async operate<N extends OperationName>(
    name: N,
    input: OperationInput<N>,
    options?: OperationOptions,
  ): Promise<OperationAnswer<N>> {
    return runOperation(this.#live(), name, input, options);
  }

  /** Stops listening and cuts the agent off; the socket file goes with it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#listeners.clear();
    this.#session?.destroy();
    this.#session = null;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Bytes carried so far, both ways. */
  get bytes(): number {
    let bytes = this.#bytesBefore;
    for (const socket of this.#sockets) bytes += bytesOf(socket);
    return bytes;
  }

  #live(): ClientHttp2Session {
    if (this.#session === null || this.#session.destroyed) throw new ProblemError('sandbox_failed');
    return this.#session;
  }

  #accept(socket: Socket): void {
    // The newest wins, also over one that has not spoken yet.
    for (const earlier of this.#sockets) earlier.destroy();
    this.#sockets.add(socket);
    const session = connect('http://agent', {
      createConnection: () => socket,
      maxSessionMemory: SESSION_MEMORY,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
    });
    const greeting = setTimeout(() => session.destroy(new Error('the agent did not speak')), GREETING_TIMEOUT_MS);
    let pings: NodeJS.Timeout | undefined;
    session.on('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
    session.on('error', (error) => this.#options.log.info({ err: error, sandboxId: this.sandboxId }, 'a link broke'));
    session.once('remoteSettings', () => {
      clearTimeout(greeting);
      if (this.#closed || socket.destroyed) return session.destroy();
      pings = setInterval(() => ping(session), PING_EVERY_MS);
      this.#session = session;
      this.#tell('up');
    });
    const over = () => {
      clearTimeout(greeting);
      clearInterval(pings);
      if (this.#sockets.delete(socket)) this.#bytesBefore += bytesOf(socket);
      session.destroy();
      socket.destroy();
      if (this.#session !== session) return;
      this.#session = null;
      this.#tell('down');
    };
    session.on('goaway', over);
    session.on('close', over);
    socket.on('error', over);
    socket.on('close', over);
  }

  #tell(state: 'up' | 'down'): void {
    for (const listener of this.#listeners) listener(state);
  }
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}

function ping(session: ClientHttp2Session): void {
  let answered = false;
  const timer = setTimeout(() => {
    if (!answered) session.destroy(new Error('the agent does not answer'));
  }, PING_EVERY_MS - 1_000);
  try {
    session.ping(() => {
      answered = true;
      clearTimeout(timer);
    });
  } catch {
    clearTimeout(timer);
  }
}
