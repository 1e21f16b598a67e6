import { type Http2Server, type ServerHttp2Stream, createServer } from 'node:http2';
import { type Socket, connect } from 'node:net';

export type FakeRoute = (stream: ServerHttp2Stream, path: string, method: string) => void;

/** For tests: dials a control socket and serves HTTP/2 on it, as an agent does; the test decides what it answers. */
export class FakeAgent {
  readonly #server: Http2Server;
  readonly #streams = new Set<ServerHttp2Stream>();
  #socket: Socket | null = null;

  constructor(route: FakeRoute) {
    this.#server = createServer({ settings: { initialWindowSize: 1_048_576 } });
    this.#server.on('sessionError', () => {});
    this.#server.on('session', (session) => session.on('error', () => {}));
    this.#server.on('stream', (stream, headers) => {
      this.#streams.add(stream);
      stream.on('close', () => this.#streams.delete(stream));
      stream.on('error', () => {});
      route(stream, headers[':path'] ?? '', headers[':method'] ?? '');
    });
  }

  /** Dials until somebody listens. */
  async dial(path: string): Promise<void> {
    for (const end = Date.now() + 60_000; ;) {
      const socket = connect(path);
      socket.on('error', () => {});
      const open = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('close', () => resolve(false));
      });
      if (open) {
        this.#socket = socket;
        this.#server.emit('connection', socket);
        return;
      }
      if (Date.now() > end) throw new Error('nobody listens');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Cuts the connection, as a crash does. */
  cut(): void {
    this.#socket?.destroy();
  }

  close(): void {
    this.cut();
    for (const stream of this.#streams) stream.destroy();
    this.#server.close();
  }
}

/** Answers with JSON and ends. */
export function answer(stream: ServerHttp2Stream, status: number, body: unknown): void {
  stream.respond({ ':status': status, 'content-type': 'application/json' });
  stream.end(JSON.stringify(body));
}
