import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectionReport } from '@netpilot/control-plane/contract/agent.ts';
import type { ConnectionRequest } from '@netpilot/control-plane/contract/agent.ts';
import type { TestKey, TestSshd } from './sshd.ts';

export type ConnectLine = Extract<ConnectionRequest, { type: 'connect' }>;

/** How a session signs in to a test's SSH server: with its ed25519 key, and its host key pinned. */
export function connectLine(sshd: Pick<TestSshd, 'user' | 'hostKey' | 'keys'>): ConnectLine {
  return {
    type: 'connect',
    user: sshd.user,
    hostKey: sshd.hostKey,
    algorithms: 'modern',
    authentication: { type: 'signer', publicKey: sshd.keys.ed25519.publicKey },
    timeoutMs: 60_000,
  };
}

/** The same with a password. */
export function passwordLine(server: Pick<TestSshd, 'user' | 'hostKey'>, password: string): ConnectLine {
  return {
    type: 'connect',
    user: server.user,
    hostKey: server.hostKey,
    algorithms: 'modern',
    authentication: { type: 'password', password },
    timeoutMs: 60_000,
  };
}

/** Waits until `condition` gives something; a test that waits in vain says for what. */
export async function until<T>(what: string, condition: () => T | null | undefined | false, seconds = 90): Promise<T> {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const value = condition();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The api's and the gateway's side of one sandbox: both sockets, and an HTTP/2 client of whatever dials control.sock. */
export class TestLink {
  readonly directory: string;
  /** What tunnel.sock leads to: a loopback port, a handler, or null for a socket that closes at once. */
  target: number | ((socket: Socket) => void) | null = null;
  session: ClientHttp2Session | null = null;
  /** Connections that the agent has dialled so far. */
  links = 0;
  #control: Server | null = null;
  #tunnel: Server | null = null;
  readonly #sockets = new Set<Socket>();
  readonly #relayed = new Set<Socket>();

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<TestLink> {
    const directory = await mkdtemp(join(tmpdir(), 'netpilot-link-'));
    await chmod(directory, 0o755);
    return new TestLink(directory);
  }

  async openControl(): Promise<void> {
    this.#control = createServer((socket) => {
      this.#track(socket, this.#sockets);
      const session = connectHttp2('http://agent', {
        createConnection: () => socket,
        settings: { initialWindowSize: 4 * 1_048_576, enablePush: false },
        // Tests flood; what Node's client queues must not make it refuse its own next streams.
        maxSessionMemory: 1_000,
      });
      session.on('error', () => undefined);
      session.once('connect', () => {
        session.setLocalWindowSize(16 * 1_048_576);
        this.session = session;
        this.links++;
      });
    });
    await this.#listen(this.#control, 'control.sock');
  }

  async openTunnel(): Promise<void> {
    this.#tunnel = createServer((socket) => {
      this.#track(socket, this.#relayed);
      const { target } = this;
      if (target === null) return void socket.destroy();
      if (typeof target === 'function') return target(socket);
      const router = connect(target, '127.0.0.1');
      this.#track(router, this.#relayed);
      router.once('connect', () => socket.pipe(router).pipe(socket));
      router.once('close', () => socket.destroy());
      socket.once('close', () => router.destroy());
    });
    await this.#listen(this.#tunnel, 'tunnel.sock');
  }

  /** Breaks the link as a crash of the api would. */
  cutLink(): void {
    this.session = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks the way to the router. */
  cutTunnel(): void {
    for (const socket of this.#relayed) socket.destroy();
  }

  async linked(): Promise<ClientHttp2Session> {
    return until('the agent to dial', () => (this.session && !this.session.destroyed ? this.session : null));
  }

  async request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const session = await this.linked();
    const stream = session.request({ ':method': method, ':path': path });
    stream.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
    return readAnswer(stream);
  }

  /** Opens a connection stream; with a key it signs what the agent asks for. */
  async connect(line: ConnectLine, key?: TestKey): Promise<TestConnection> {
    const session = await this.linked();
    return new TestConnection(session.request({ ':method': 'POST', ':path': '/v1/connection' }), line, key);
  }

  async close(): Promise<void> {
    this.session?.destroy();
    for (const socket of [...this.#sockets, ...this.#relayed]) socket.destroy();
    for (const server of [this.#control, this.#tunnel]) {
      if (server) await new Promise((resolve) => server.close(resolve));
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  #track(socket: Socket, set: Set<Socket>): void {
    set.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => set.delete(socket));
  }

  async #listen(server: Server, name: string): Promise<void> {
    const path = join(this.directory, name);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
    await chmod(path, 0o666);
  }
}

export class TestConnection {
  readonly reports: ConnectionReport[] = [];
  readonly stream: ClientHttp2Stream;
  ended = false;

  constructor(stream: ClientHttp2Stream, line: ConnectLine, key?: TestKey) {
    this.stream = stream;
    let rest = '';
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const report = ConnectionReport.parse(JSON.parse(text));
        this.reports.push(report);
        if (report.type === 'sign' && key) {
          const signature = key.sign(Buffer.from(report.data, 'base64')).toString('base64');
          this.send({ type: 'signature', id: report.id, signature });
        }
      }
    });
    stream.once('close', () => (this.ended = true));
    this.send(line);
  }

  send(line: ConnectionRequest): void {
    this.stream.write(`${JSON.stringify(line)}\n`);
  }

  /** The next report that is not a request to sign. */
  async outcome(): Promise<Exclude<ConnectionReport, { type: 'sign' }>> {
    return until('the outcome', () => this.reports.find((report) => report.type !== 'sign')) as Promise<
      Exclude<ConnectionReport, { type: 'sign' }>
    >;
  }

  async lost(): Promise<void> {
    await until('the loss', () => this.reports.find((report) => report.type === 'lost'));
  }

  cancel(): void {
    this.stream.close(constants.NGHTTP2_CANCEL);
  }
}

async function readAnswer(stream: ClientHttp2Stream): Promise<{ status: number; body: unknown }> {
  let status = 0;
  const chunks: Buffer[] = [];
  stream.on('response', (headers) => (status = headers[':status'] ?? 0));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve, reject) =>
    stream.once('end', resolve).once('error', reject).once('close', resolve),
  );
  const text = Buffer.concat(chunks).toString('utf8');
  return { status, body: text === '' ? null : JSON.parse(text) };
}
