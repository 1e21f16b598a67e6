import type { ServerHttp2Stream } from 'node:http2';
import { AGENT_PATHS, ConnectionRequest } from '@netpilot/control-plane/contract/agent.ts';
import type { ConnectionReport } from '@netpilot/control-plane/contract/agent.ts';
import type { z } from 'zod';
import { bodyOf, LineReader, parseJson } from '../link/json.ts';
import { ProblemError } from '../link/problem.ts';
import type { Route } from '../link/router.ts';
import { cancelStream, finishStream } from '../link/streams.ts';
import type { ConnectionService, Reporter } from './connection-service.ts';

/** Lines an api may leave unread before its stream is cut. */
const MAX_UNREAD_BYTES = 262_144;

/** `POST /v1/connection`: a stream of lines in both directions. */
export function connectionRoutes(connections: ConnectionService): Route[] {
  return [
    {
      method: 'POST',
      path: AGENT_PATHS.connection,
      handle: ({ stream }) => new ConnectionStream(stream, connections).run(),
    },
  ];
}

class ConnectionStream implements Reporter {
  readonly #stream: ServerHttp2Stream;
  readonly #connections: ConnectionService;
  readonly #waiting = new Map<
    number,
    { resolve: (signature: Buffer | null) => void; reject: (error: Error) => void }
  >();
  #nextId = 0;
  #connecting = false;

  constructor(stream: ServerHttp2Stream, connections: ConnectionService) {
    this.#stream = stream;
    this.#connections = connections;
  }

  async run(): Promise<void> {
    const lines = new LineReader();
    try {
      for await (const chunk of bodyOf(this.#stream)) {
        for (const line of lines.push(chunk)) this.#take(parseJson(line, ConnectionRequest));
      }
      if (!this.#connecting) throw new ProblemError('invalid_request', 'The first line must be connect.');
      // The api ended its side only: reports may still follow.
      if (!this.#stream.closed) await new Promise((resolve) => this.#stream.once('close', resolve));
    } finally {
      this.#connections.forget(this);
      for (const { reject } of this.#waiting.values()) reject(new Error('The api is away and cannot sign.'));
      this.#waiting.clear();
    }
  }

  report(line: ConnectionReport): void {
    if (this.#stream.destroyed || !this.#stream.writable) return;
    if (this.#stream.writableLength > MAX_UNREAD_BYTES) return cancelStream(this.#stream);
    this.#stream.write(`${JSON.stringify(line)}\n`);
  }

  sign(data: Buffer): Promise<Buffer | null> {
    return new Promise((resolve, reject) => {
      if (this.#stream.destroyed || !this.#stream.writable)
        return reject(new Error('The api is away and cannot sign.'));
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.report({ type: 'sign', id, data: data.toString('base64') });
    });
  }

  end(): void {
    finishStream(this.#stream);
  }

  #take(request: z.output<typeof ConnectionRequest>): void {
    if (request.type === 'connect') {
      if (this.#connecting) throw new ProblemError('invalid_request', 'Only the first line may be connect.');
      this.#connecting = true;
      this.#stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
      void this.#connections.connect(request, this);
      return;
    }
    if (!this.#connecting) throw new ProblemError('invalid_request', 'The first line must be connect.');
    if (request.type === 'disconnect') return this.#connections.disconnect();
    const { id, signature } = request;
    const asked = this.#waiting.get(id);
    this.#waiting.delete(id);
    asked?.resolve(signature === null ? null : Buffer.from(signature, 'base64'));
  }
}
