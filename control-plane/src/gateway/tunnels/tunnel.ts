import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connection } from 'ssh2';
import { joinStreams } from '../relay/join-streams.ts';
import { ForwardedChannel } from './forwarded-channel.ts';

/** Channels one router may have open at once, over relay and loopback port together. */
export const MAX_CHANNELS = 64;

/** How long a router has to answer the end of its connection, in milliseconds. */
const HANG_UP_MS = 2_000;

/** No way to the router: its tunnel is down, full, or refused the channel. */
export class TunnelUnavailable extends Error {
  override name = 'TunnelUnavailable';
}

/**
 * The live forward of one router: its port on 127.0.0.1 and nothing else, for as long as its SSH connection lives. Owns the listener,
 * every connection to it and every channel.
 */
export class Tunnel {
  readonly routerId: string;
  readonly port: number;
  readonly connection: Connection;
  readonly #bindAddress: string;
  readonly #transport: Socket;
  readonly #listener: Server;
  readonly #streams = new Set<Duplex>();
  #channels = 0;
  #closed = false;

  private constructor(options: TunnelOptions) {
    this.routerId = options.routerId;
    this.port = options.port;
    this.connection = options.connection;
    this.#bindAddress = options.bindAddress;
    this.#transport = options.transport;
    // Each channel may wait for one drain.
    this.#transport.setMaxListeners(MAX_CHANNELS + 20);
    this.#listener = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
      this.#serve(socket),
    );
  }

  /**
   * Begins to listen on 127.0.0.1:port.
   * @throws Error (`EADDRINUSE` and the like) when the port cannot be had; nothing is left open then.
   */
  static async open(options: TunnelOptions): Promise<Tunnel> {
    const tunnel = new Tunnel(options);
    await new Promise<void>((resolve, reject) => {
      tunnel.#listener.once('error', reject);
      // Only ever the loopback: what address the router asked for is its own business.
      tunnel.#listener.listen({ host: '127.0.0.1', port: options.port, backlog: MAX_CHANNELS }, () => {
        tunnel.#listener.removeListener('error', reject);
        tunnel.#listener.on('error', () => void tunnel.close());
        resolve();
      });
    });
    return tunnel;
  }

  /** Channels open or being opened. */
  get channels(): number {
    return this.#channels;
  }

  /**
   * Opens a channel to the router's own SSH server.
   * @throws TunnelUnavailable when the router refuses or the tunnel is full or gone.
   */
  openChannel(): Promise<Duplex> {
    if (this.#closed) return Promise.reject(new TunnelUnavailable('the tunnel is down'));
    if (this.#channels >= MAX_CHANNELS) return Promise.reject(new TunnelUnavailable('the tunnel has no channel left'));
    this.#channels += 1;
    return new Promise((resolve, reject) => {
      // The address has to be the one the router asked for, or it does not know the forward (RFC 4254, section 7.2).
      this.connection.forwardOut(this.#bindAddress, this.port, '127.0.0.1', this.port, (error, channel) => {
        if (error !== undefined && error !== null) {
          this.#channels -= 1;
          reject(new TunnelUnavailable('the router refused the channel', { cause: error }));
          return;
        }
        const stream = new ForwardedChannel(channel, this.#transport);
        this.#streams.add(stream);
        stream.once('close', () => {
          this.#streams.delete(stream);
          this.#channels -= 1;
        });
        if (this.#closed) {
          stream.destroy();
          reject(new TunnelUnavailable('the tunnel is down'));
          return;
        }
        resolve(stream);
      });
    });
  }

  #serve(socket: Socket): void {
    this.#streams.add(socket);
    socket.once('close', () => this.#streams.delete(socket));
    socket.on('error', () => socket.destroy());
    if (this.#streams.size > 2 * MAX_CHANNELS) {
      socket.destroy();
      return;
    }
    this.openChannel().then(
      (channel) => joinStreams(socket, channel),
      () => socket.destroy(),
    );
  }

  /** Stops listening and cuts every channel; the SSH connection stays. Resolves once the port is free. */
  async close(): Promise<void> {
    this.#closed = true;
    const freed = new Promise<void>((resolve) => {
      this.#listener.close(() => resolve());
    });
    for (const stream of this.#streams) stream.destroy();
    await freed;
  }

  /** Ends the SSH connection in order, and the TCP connection below it even when the router does not play along. */
  hangUp(): void {
    this.connection.end();
    const timer = setTimeout(() => this.#transport.destroy(), HANG_UP_MS);
    this.#transport.once('close', () => clearTimeout(timer));
    if (this.#transport.destroyed) clearTimeout(timer);
  }
}

export interface TunnelOptions {
  routerId: string;
  port: number;
  /** As the router asked for it. */
  bindAddress: string;
  connection: Connection;
  /** The TCP connection below `connection`. */
  transport: Socket;
}
