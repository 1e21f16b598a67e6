import { mkdtempSync, rmSync } from 'node:fs';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { join } from 'node:path';

const ENGINE = '/var/run/docker.sock';

/**
 * A socket in front of the engine that a test may shut: for the gateway the engine is away then, and for everybody else on this
 * machine it is not. Owner of every connection through it.
 */
export class EngineDoor {
  readonly path: string;
  readonly #directory: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  private constructor() {
    this.#directory = mkdtempSync('/tmp/np-engine-');
    this.path = join(this.#directory, 'docker.sock');
  }

  static async open(): Promise<EngineDoor> {
    const door = new EngineDoor();
    await door.open();
    return door;
  }

  async open(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const engine = connect({ path: ENGINE, allowHalfOpen: true });
      for (const [socket, other] of [
        [client, engine],
        [engine, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.once('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.path, resolve);
    });
  }

  /** Cuts what is connected and lets nobody in. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async close(): Promise<void> {
    await this.shut();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
