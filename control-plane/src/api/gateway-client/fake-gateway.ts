import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GATEWAY_PATHS, type GatewayCall, type GatewayEvent } from '../../../contract/gateway.ts';

export type FakeAnswer = { readonly status: number; readonly body: unknown } | { readonly raw: string } | 'cut';

/** For tests: a gateway's socket that says what the test wants, wrong things included. */
export class FakeGateway {
  readonly socketPath: string;
  /** Written as they are at the beginning of every stream. */
  greeting: string[] = [line({ type: 'snapshot', sessions: [], tunnels: [] })];
  answer: (call: GatewayCall) => FakeAnswer | Promise<FakeAnswer> = () => ({ status: 200, body: {} });
  readonly calls: GatewayCall[] = [];
  readonly #directory: string;
  readonly #streams = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  private constructor(directory: string) {
    this.#directory = directory;
    this.socketPath = join(directory, 'gateway.sock');
  }

  static async open(): Promise<FakeGateway> {
    const gateway = new FakeGateway(await mkdtemp(join(tmpdir(), 'np-gateway-')));
    await gateway.start();
    return gateway;
  }

  get streams(): number {
    return this.#streams.size;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
  }

  /** As after a crash: everything is cut and nobody listens. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.cut();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  say(event: GatewayEvent): void {
    this.write(line(event));
  }

  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === GATEWAY_PATHS.events) {
      this.#streams.add(response);
      response.on('close', () => this.#streams.delete(response));
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      for (const text of this.greeting) response.write(text);
      return;
    }
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const call = JSON.parse(body) as GatewayCall;
    this.calls.push(call);
    const answer = await this.answer(call);
    if (answer === 'cut') request.socket.destroy();
    else if ('raw' in answer) response.writeHead(200).end(answer.raw);
    else response.writeHead(answer.status).end(JSON.stringify(answer.body));
  }
}

function line(event: GatewayEvent): string {
  return `${JSON.stringify(event)}\n`;
}
