import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { joinStreams } from './join-streams.ts';

/** Connections one sandbox may have open at once. */
export const MAX_RELAY_CONNECTIONS = 32;

/**
 * The `tunnel.sock` of one sandbox. Whatever connects to it gets the one router the session was started for: there is nothing in the
 * byte stream that could name another. Owns the socket file, its connections and the channels opened for them.
 */
export class SandboxRelay {
  readonly #path: string;
  readonly #openRouter: () => Promise<Duplex>;
  readonly #server: Server;
  readonly #streams = new Set<Duplex>();
  #connections = 0;

  private constructor(path: string, openRouter: () => Promise<Duplex>) {
    this.#path = path;
    this.#openRouter = openRouter;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => void this.#serve(socket));
  }

  /**
   * Listens at `path`; what a crash left there is replaced.
   * @param openRouter rejects at once when the router's tunnel is down; the connection is closed then.
   */
  static async open(path: string, openRouter: () => Promise<Duplex>): Promise<SandboxRelay> {
    const relay = new SandboxRelay(path, openRouter);
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      relay.#server.once('error', reject);
      relay.#server.listen({ path, backlog: MAX_RELAY_CONNECTIONS }, () => {
        relay.#server.removeListener('error', reject);
        relay.#server.on('error', () => {});
        resolve();
      });
    });
    // The agent runs as a user that owns nothing here; the directory decides who gets this far.
    await chmod(path, 0o666);
    return relay;
  }

  get connections(): number {
    return this.#connections;
  }

  async #serve(socket: Socket): Promise<void> {
    this.#streams.add(socket);
    this.#connections += 1;
    socket.once('close', () => {
      this.#streams.delete(socket);
      this.#connections -= 1;
    });
    socket.on('error', () => socket.destroy());
    if (this.#connections > MAX_RELAY_CONNECTIONS) {
      socket.destroy();
      return;
    }
    let router: Duplex;
    try {
      router = await this.#openRouter();
    } catch {
      socket.destroy();
      return;
    }
    this.#streams.add(router);
    router.once('close', () => this.#streams.delete(router));
    await joinStreams(socket, router);
  }

  /** Stops listening, cuts every connection and removes the socket file. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const stream of this.#streams) stream.destroy();
    await closed;
    await rm(this.#path, { force: true });
  }
}
