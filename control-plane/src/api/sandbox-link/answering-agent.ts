import { connect, createServer, type ClientHttp2Session, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** For tests: an agent without a socket file, and a client of it; the test decides what each request is answered. Owner of both. */
export class AnsweringAgent {
  readonly session: ClientHttp2Session;
  answer: (stream: ServerHttp2Stream) => void = (stream) => stream.close();
  readonly #server: Http2Server;

  private constructor(server: Http2Server) {
    this.#server = server;
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      this.answer(stream);
    });
    this.session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    this.session.on('error', () => undefined);
  }

  static async start(): Promise<AnsweringAgent> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new AnsweringAgent(server);
  }

  async close(): Promise<void> {
    this.session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
