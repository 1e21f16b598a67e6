import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Bounds for connections that have not yet opened their forward. */
export interface DoorLimits {
  /** In all. */
  pending: number;
  /** From one address. */
  pendingPerAddress: number;
  /** Milliseconds until such a connection is cut. */
  graceMs: number;
}

export const DOOR_LIMITS: DoorLimits = { pending: 64, pendingPerAddress: 16, graceMs: 20_000 };

/**
 * The TCP side of the tunnel server: accepts connections and bounds those that have proved nothing yet, by number, by address and by
 * time. Owns every socket until it closes.
 */
export class Doorkeeper {
  readonly #server: Server;
  readonly #limits: DoorLimits;
  readonly #sockets = new Map<string, Socket>();
  readonly #pending = new Map<Socket, NodeJS.Timeout>();
  readonly #perAddress = new Map<string, number>();

  constructor(admit: (socket: Socket) => void, limits: DoorLimits = DOOR_LIMITS) {
    this.#limits = limits;
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
      socket.on('error', () => socket.destroy());
      if (this.#take(socket)) admit(socket);
      else socket.destroy();
    });
  }

  /** Connections that have not yet opened their forward. */
  get pending(): number {
    return this.#pending.size;
  }

  #take(socket: Socket): boolean {
    const address = socket.remoteAddress;
    if (address === undefined) return false;
    const same = this.#perAddress.get(address) ?? 0;
    if (same >= this.#limits.pendingPerAddress) return false;
    if (this.#pending.size >= this.#limits.pending && !this.#makeRoom(same)) return false;
    this.#perAddress.set(address, same + 1);
    this.#pending.set(
      socket,
      setTimeout(() => socket.destroy(), this.#limits.graceMs),
    );
    const key = nameOf(address, socket.remotePort);
    this.#sockets.set(key, socket);
    socket.once('close', () => {
      this.#sockets.delete(key);
      this.#settle(socket, address);
    });
    return true;
  }

  /**
   * Cuts the oldest connection of the address that has most of them, so that a flood from many addresses is at its own expense.
   * @param same how many the newcomer's address has. @returns false when no address has clearly more.
   */
  #makeRoom(same: number): boolean {
    const [crowd, count] = [...this.#perAddress].reduce((most, one) => (one[1] > most[1] ? one : most), ['', 0]);
    // One more would only turn the two around.
    if (count <= same + 1) return false;
    const oldest = [...this.#pending.keys()].find((socket) => socket.remoteAddress === crowd);
    if (oldest === undefined) return false;
    this.#settle(oldest, crowd);
    oldest.destroy();
    return true;
  }

  /** The connection has opened its forward: no bound of this class holds for it any more. */
  settle(socket: Socket): void {
    if (socket.remoteAddress !== undefined) this.#settle(socket, socket.remoteAddress);
  }

  #settle(socket: Socket, address: string): void {
    const timer = this.#pending.get(socket);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#pending.delete(socket);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left <= 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }

  /** The live socket of a peer; ssh2 tells only its address. */
  find(address: string | undefined, port: number | undefined): Socket | undefined {
    return this.#sockets.get(nameOf(address ?? '', port));
  }

  /**
   * @returns the port, which the system chose when `port` was 0.
   * @throws Error when the address cannot be had.
   */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.removeListener('error', reject);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  get listening(): boolean {
    return this.#server.listening;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets.values()) socket.destroy();
    await closed;
  }
}

function nameOf(address: string, port: number | undefined): string {
  return `${address}|${port}`;
}
