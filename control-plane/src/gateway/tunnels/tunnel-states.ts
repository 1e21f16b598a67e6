import type { GatewayTunnel } from '../../../contract/gateway.ts';
import type { RegisteredRouter, TunnelRegistry } from '@netpilot/db/tunnel-registry.ts';

/** How often what was seen is written down, in milliseconds. */
const WRITE_EVERY_MS = 30_000;

/**
 * What is known of every tunnel that was up since the process began: the truth behind the contract's tunnel events, and the only
 * writer of `lastSeen`.
 */
export class TunnelStates {
  readonly #registry: Pick<TunnelRegistry, 'recordSeen'>;
  readonly #changed: (tunnel: GatewayTunnel) => void;
  readonly #failed: (error: unknown) => void;
  readonly #states = new Map<string, GatewayTunnel>();
  readonly #unwritten = new Map<string, Date>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    registry: Pick<TunnelRegistry, 'recordSeen'>;
    changed: (tunnel: GatewayTunnel) => void;
    failed: (error: unknown) => void;
  }) {
    this.#registry = options.registry;
    this.#changed = options.changed;
    this.#failed = options.failed;
    this.#timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
  }

  up(router: RegisteredRouter, port: number): void {
    const now = new Date();
    const { routerId, organisationId } = router;
    this.#unwritten.set(routerId, now);
    const tunnel = { up: true, since: now.toISOString(), latencyMs: null, lastSeenAt: now.toISOString() };
    this.#set({ routerId, organisationId, port, tunnel });
  }

  down(routerId: string): void {
    const state = this.#states.get(routerId);
    if (state === undefined || !state.tunnel.up) return;
    const now = new Date();
    this.#unwritten.set(routerId, now);
    const tunnel = { up: false, since: now.toISOString(), latencyMs: null, lastSeenAt: now.toISOString() };
    this.#set({ ...state, tunnel });
  }

  /** Notes a sign of life with its round trip in milliseconds; tells about it only when the latency changed noticeably. */
  alive(routerId: string, latencyMs: number): void {
    const state = this.#states.get(routerId);
    if (state === undefined || !state.tunnel.up) return;
    const now = new Date();
    this.#unwritten.set(routerId, now);
    const before = state.tunnel.latencyMs;
    const rounded = Math.round(latencyMs * 10) / 10;
    const noticeable = before === null || Math.abs(rounded - before) > Math.max(5, before * 0.2);
    const next = {
      ...state,
      tunnel: { ...state.tunnel, latencyMs: noticeable ? rounded : before, lastSeenAt: now.toISOString() },
    };
    if (noticeable) this.#set(next);
    else this.#states.set(routerId, next);
  }

  /** The router is gone for good, or will come back with another key. */
  forget(routerId: string): void {
    this.#states.delete(routerId);
    this.#unwritten.delete(routerId);
  }

  list(): GatewayTunnel[] {
    return [...this.#states.values()];
  }

  /** Writes what is not written yet; a failure keeps it for the next time. */
  async write(): Promise<void> {
    const batch = [...this.#unwritten].map(([routerId, at]) => ({ routerId, at }));
    if (batch.length === 0) return;
    this.#unwritten.clear();
    try {
      await this.#registry.recordSeen(batch);
    } catch (error) {
      for (const { routerId, at } of batch) {
        if (!this.#unwritten.has(routerId) && this.#states.has(routerId)) this.#unwritten.set(routerId, at);
      }
      this.#failed(error);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }

  #set(state: GatewayTunnel): void {
    this.#states.set(state.routerId, state);
    this.#changed(state);
  }
}
