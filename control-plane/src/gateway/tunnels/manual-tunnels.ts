import { connect } from 'node:net';
import type { Logger } from 'pino';
import type { RegisteredRouter, TunnelRegistry } from '@netpilot/db/tunnel-registry.ts';
import type { PortRange } from '../config.ts';
import type { TunnelStates } from './tunnel-states.ts';

/** Each look is a line in the router's log, so it is seldom; in milliseconds. */
const LOOK_EVERY_MS = 60_000;
/** How long a router has to say what it is (RFC 4253, section 4.2), in milliseconds. */
const IDENT_MS = 5_000;
/** Routers looked at at once. */
const AT_ONCE = 16;

export interface ManualTunnelsOptions {
  readonly registry: Pick<TunnelRegistry, 'list'>;
  /** The only ports that are ever connected to. */
  readonly range: PortRange;
  readonly states: Pick<TunnelStates, 'up' | 'down' | 'alive' | 'list'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** Looks whether an SSH server answers behind the tunnels that somebody else holds open. Owner of its timer and connections. */
export class ManualTunnels {
  readonly #options: ManualTunnelsOptions;
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: ManualTunnelsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#looking = this.look();
    this.#timer = setInterval(() => (this.#looking = this.#looking.then(() => this.look())), LOOK_EVERY_MS);
  }

  /** Looks at all of them once. Never rejects. */
  async look(): Promise<void> {
    try {
      const { low, high } = this.#options.range;
      const manual = (await this.#options.registry.list()).filter(
        ({ attachment, port }) => attachment === 'manual' && port !== null && port >= low && port <= high,
      );
      const next = manual.values();
      // All take from the one iterator: as many at work as there are workers.
      const worker = async () => {
        for (const router of next) await this.#lookAt(router, router.port ?? low);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#options.log.warn({ err: error }, 'could not look at manual tunnels');
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#looking;
  }

  async #lookAt(router: RegisteredRouter, port: number): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const { states } = this.#options;
    const latencyMs = await timeToIdent(port, AbortSignal.any([this.#closing.signal, AbortSignal.timeout(IDENT_MS)]));
    if (this.#closing.signal.aborted) return;
    if (latencyMs === null) return states.down(router.routerId);
    const known = states.list().find(({ routerId }) => routerId === router.routerId);
    if (known?.tunnel.up !== true || known.port !== port) states.up(router, port);
    states.alive(router.routerId, latencyMs);
  }
}

/** @returns milliseconds until an SSH server has introduced itself on a port of this machine's loopback, null when none does. */
function timeToIdent(port: number, signal: AbortSignal): Promise<number | null> {
  const since = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, signal });
    socket.on('error', () => resolve(null));
    socket.once('data', (head) => {
      resolve(head.subarray(0, 4).toString('latin1') === 'SSH-' ? performance.now() - since : null);
      socket.destroy();
    });
    socket.once('close', () => resolve(null));
  });
}
