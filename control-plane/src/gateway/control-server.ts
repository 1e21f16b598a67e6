import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { GATEWAY_ANSWERS, GATEWAY_PATHS, GatewayCall, MAX_GATEWAY_CALL } from '../../contract/gateway.ts';
import type { EventFeed } from './event-feed.ts';
import { GatewayFault, PROBLEM_STATUS } from './problems.ts';

export interface ControlServerOptions {
  socket: string;
  answer: (call: GatewayCall) => Promise<unknown>;
  feed: EventFeed;
  metrics: () => Promise<string>;
  log: Logger;
}

/** The gateway's API on its unix socket, exactly as the contract says; who may connect is the socket file's mode and group. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer(
      { maxHeaderSize: 8_192, requestTimeout: 30_000, keepAliveTimeout: 60_000 },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = 256;
  }

  /** @throws Error when another gateway answers on the socket; a stale file is replaced. */
  async listen(): Promise<void> {
    const { socket } = this.#options;
    await mkdir(dirname(socket), { recursive: true });
    if (await answers(socket)) throw new Error(`another gateway is listening on ${socket}`);
    await rm(socket, { force: true });
    // 0600 from the first moment, then opened for the group: never wider than it ends.
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(socket, () => {
          this.#server.removeListener('error', reject);
          resolve();
        });
      });
    } finally {
      process.umask(mask);
    }
    await chmod(socket, 0o660);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#options.feed.close();
    this.#server.closeIdleConnections();
    // Calls under way get their answer, within reason.
    const timer = setTimeout(() => this.#server.closeAllConnections(), 5_000);
    await closed;
    clearTimeout(timer);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { feed, metrics, log, answer } = this.#options;
    try {
      const route = `${request.method} ${request.url}`;
      if (route === `POST ${GATEWAY_PATHS.call}`) {
        const call = parseCall(await readBody(request));
        const answered = GATEWAY_ANSWERS[call.verb].parse(await answer(call));
        send(response, 200, answered);
      } else if (route === `GET ${GATEWAY_PATHS.events}`) {
        if (!feed.serve(response)) throw new GatewayFault('internal', 'too many readers of events');
      } else if (route === 'GET /v1/metrics') {
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(await metrics());
      } else {
        throw new GatewayFault('invalid_call', 'there is nothing here');
      }
    } catch (error) {
      const fault = error instanceof GatewayFault ? error : null;
      if (fault === null) log.error({ err: error }, 'a call failed');
      const code = fault?.code ?? 'internal';
      const detail = fault?.message ?? 'the gateway could not do that; its log says why';
      if (response.headersSent) response.destroy();
      else send(response, PROBLEM_STATUS[code], { code, detail });
    }
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    // What was refused may have more of it on the way.
    ...(status === 400 ? { connection: 'close' } : {}),
  });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_GATEWAY_CALL)
      throw new GatewayFault('invalid_call', `a call has at most ${MAX_GATEWAY_CALL} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseCall(body: Buffer): GatewayCall {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new GatewayFault('invalid_call', 'the body is not JSON');
  }
  const call = GatewayCall.safeParse(value);
  if (!call.success) throw new GatewayFault('invalid_call', 'the body is not a call of the contract');
  return call.data;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
