import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Connection } from 'ssh2';
import type { GatewayTunnel } from '../../../contract/gateway.ts';
import { writeInTurns } from '../../../wire/write-turns.ts';
import { TUNNEL_ALGORITHMS } from './algorithms.ts';
import { authenticateRouter } from './authentication.ts';
import { Doorkeeper } from './doorkeeper.ts';
import type { DoorLimits } from './doorkeeper.ts';
import type { HostKey } from './host-key.ts';
import { startKeepalive } from './keepalive.ts';
import { Tunnel, TunnelUnavailable } from './tunnel.ts';
import type { RegisteredRouter, TunnelRegistry } from '@netpilot/db/tunnel-registry.ts';
import { TunnelStates } from './tunnel-states.ts';
import { ssh2 } from './ssh2.ts';

/** What a router may ask to bind; it is 127.0.0.1 in any case. */
const BIND_ADDRESSES = new Set(['', 'localhost', '127.0.0.1', '0.0.0.0', '::1', '::', '*']);

/** How often live tunnels are compared with the routers that there are, in milliseconds. */
const REVIEW_EVERY_MS = 60_000;

export interface TunnelServerOptions {
  listen: { host: string; port: number };
  hostKey: HostKey;
  registry: TunnelRegistry;
  log: Logger;
  changed: (tunnel: GatewayTunnel) => void;
  limits?: DoorLimits;
}

/**
 * Where routers dial in. A router's key opens exactly one thing: its own port, forwarded to us. ssh2 refuses every channel, session
 * and request that nobody listens for, so nobody listens for any but `tcpip-forward`.
 */
export class TunnelServer {
  readonly #options: TunnelServerOptions;
  readonly #door: Doorkeeper;
  /** What is told of every tunnel. */
  readonly states: TunnelStates;
  readonly #tunnels = new Map<string, Tunnel>();
  /** Per router, so that a take-over and the end of what it replaces never cross. */
  readonly #changes = new Map<string, Promise<unknown>>();
  readonly #review: NodeJS.Timeout;
  #port = 0;
  #closed = false;

  constructor(options: TunnelServerOptions) {
    this.#options = options;
    const { log, registry } = options;
    this.states = new TunnelStates({
      registry,
      changed: options.changed,
      failed: (error) => log.warn({ err: error }, 'could not write when routers were last seen'),
    });
    const ssh = new ssh2.Server(
      {
        hostKeys: [options.hostKey.privateKey],
        algorithms: TUNNEL_ALGORITHMS,
        ident: 'netpilot',
        // Ours measures latency as well; ssh2's cannot be switched off, only put off.
        keepaliveInterval: 2_147_483_647,
      },
      (connection, { ip, port }) => {
        const socket = this.#door.find(ip, port);
        if (socket === undefined) connection.end();
        else this.#serve(connection, socket);
      },
    );
    this.#door = new Doorkeeper((socket) => ssh.injectSocket(writeInTurns(socket)), options.limits);
    this.#review = setInterval(() => void this.#dropStrangers(), REVIEW_EVERY_MS);
  }

  async listen(): Promise<void> {
    this.#port = await this.#door.listen(this.#options.listen.host, this.#options.listen.port);
  }

  get listening(): boolean {
    return this.#door.listening;
  }

  /** Port of the listener; the chosen one when 0 was asked for. */
  get port(): number {
    return this.#port;
  }

  /** Tunnels that are up. */
  get up(): number {
    return this.#tunnels.size;
  }

  /** Every tunnel that was up since the process began. */
  list(): GatewayTunnel[] {
    return this.states.list();
  }

  /**
   * Opens a channel to the SSH server of an enrolled router.
   * @throws TunnelUnavailable at once when its tunnel is down.
   */
  async openChannel(routerId: string): Promise<Duplex> {
    const tunnel = this.#tunnels.get(routerId);
    if (tunnel === undefined) throw new TunnelUnavailable('the tunnel is down');
    return tunnel.openChannel();
  }

  /** Cuts the router's connection and forgets it. @returns whether it had one. */
  async drop(routerId: string): Promise<boolean> {
    const dropped = await this.#inTurn(routerId, async () => {
      const tunnel = this.#tunnels.get(routerId);
      if (tunnel === undefined) return false;
      await this.#end(tunnel);
      return true;
    });
    this.states.forget(routerId);
    return dropped;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#review);
    for (const routerId of this.#tunnels.keys()) {
      await this.#inTurn(routerId, async () => {
        const tunnel = this.#tunnels.get(routerId);
        if (tunnel !== undefined) await this.#end(tunnel);
      });
    }
    await this.#door.close();
    await this.states.close();
  }

  #serve(connection: Connection, socket: Socket): void {
    const { registry, log } = this.#options;
    const from = socket.remoteAddress;
    let router: RegisteredRouter | null = null;
    let stopKeepalive = () => {};
    let latencyMs: number | null = null;

    connection.on('error', (error) => log.debug({ from, reason: error.message }, 'tunnel connection failed'));
    const end = () => {
      if (router === null) return;
      const { routerId } = router;
      void this.#inTurn(routerId, async () => {
        const tunnel = this.#tunnels.get(routerId);
        if (tunnel?.connection === connection) await this.#end(tunnel);
      });
    };
    connection.once('close', () => {
      stopKeepalive();
      end();
    });
    authenticateRouter(
      connection,
      (publicKey) =>
        registry.findByKey(publicKey).catch((error: unknown) => {
          log.error({ err: error }, 'could not look a tunnel key up');
          throw error;
        }),
      (admitted) => {
        router = admitted;
      },
    );
    connection.once('ready', () => {
      stopKeepalive = startKeepalive(connection, {
        latency: (milliseconds) => {
          latencyMs = milliseconds;
          if (router !== null && this.#tunnels.get(router.routerId)?.connection === connection) {
            this.states.alive(router.routerId, milliseconds);
          }
        },
        silent: () => socket.destroy(),
        received: () => socket.bytesRead,
      });
    });
    connection.on('request', (accept, reject, name, info) => {
      const asked = info as { bindAddr?: string; bindPort?: number };
      if (router === null || asked.bindAddr === undefined || asked.bindPort !== router.port) {
        reject?.();
        return;
      }
      if (name === 'tcpip-forward' && BIND_ADDRESSES.has(asked.bindAddr)) {
        const wanted = { connection, transport: socket, bindAddress: asked.bindAddr, port: asked.bindPort };
        const { routerId } = router;
        void this.#open(router, wanted).then((opened) => {
          if (!opened) return reject?.();
          accept?.();
          if (latencyMs !== null) this.states.alive(routerId, latencyMs);
        });
      } else if (name === 'cancel-tcpip-forward') {
        accept?.();
        end();
      } else {
        reject?.();
      }
    });
  }

  /** The newest connection of a router holds its port: the one before is most likely dead already, and only its router has the key. */
  #open(router: RegisteredRouter, wanted: Omit<Parameters<typeof Tunnel.open>[0], 'routerId'>): Promise<boolean> {
    const { routerId } = router;
    const { log } = this.#options;
    return this.#inTurn(routerId, async () => {
      const before = this.#tunnels.get(routerId);
      if (this.#closed || wanted.transport.destroyed || before?.connection === wanted.connection) return false;
      if (before !== undefined) await this.#end(before, 'taken over');
      try {
        const tunnel = await Tunnel.open({ routerId, ...wanted });
        if (wanted.transport.destroyed) {
          await tunnel.close();
          return false;
        }
        this.#tunnels.set(routerId, tunnel);
      } catch (error) {
        log.error({ err: error, routerId, port: wanted.port }, 'could not listen on a tunnel port');
        return false;
      }
      this.#door.settle(wanted.transport);
      this.states.up(router, wanted.port);
      log.info({ routerId, port: wanted.port }, 'tunnel up');
      return true;
    }).catch(() => false);
  }

  async #end(tunnel: Tunnel, why = 'down'): Promise<void> {
    this.#tunnels.delete(tunnel.routerId);
    await tunnel.close();
    tunnel.hangUp();
    this.states.down(tunnel.routerId);
    this.#options.log.info({ routerId: tunnel.routerId, port: tunnel.port, why }, 'tunnel down');
  }

  /** A router that was deleted or got another port while nobody could tell us must not keep its tunnel. */
  async #dropStrangers(): Promise<void> {
    if (this.#tunnels.size === 0) return;
    try {
      const routers = new Map((await this.#options.registry.list()).map((router) => [router.routerId, router]));
      for (const tunnel of this.#tunnels.values()) {
        const router = routers.get(tunnel.routerId);
        if (router?.port !== tunnel.port || router.attachment !== 'enrolled') await this.drop(tunnel.routerId);
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'could not compare tunnels with the routers there are');
    }
  }

  #inTurn<T>(routerId: string, change: () => Promise<T>): Promise<T> {
    const before = this.#changes.get(routerId) ?? Promise.resolve();
    const next = before.then(change, change);
    const settled = next.catch(() => {});
    this.#changes.set(routerId, settled);
    void settled.then(() => {
      if (this.#changes.get(routerId) === settled) this.#changes.delete(routerId);
    });
    return next;
  }
}
