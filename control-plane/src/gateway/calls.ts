import type { GatewayAnswer, GatewayCall } from '../../contract/gateway.ts';
import type { PortRange } from './config.ts';
import { GatewayFault } from './problems.ts';
import type { RouterRoute } from './relay/router-route.ts';
import type { Engine } from './sandboxes/engine.ts';
import type { LifeCycle } from './sandboxes/life-cycle.ts';
import type { Reaper } from './sandboxes/reaper.ts';
import type { StartQueue } from './sandboxes/start-queue.ts';
import type { WarmPool } from './sandboxes/warm-pool.ts';
import { TUNNEL_USER } from './tunnels/authentication.ts';
import type { HostKey } from './tunnels/host-key.ts';
import type { RegisteredRouter, TunnelRegistry } from '@netpilot/db/tunnel-registry.ts';
import type { TunnelServer } from './tunnels/tunnel-server.ts';

export interface CallOptions {
  engine: Engine;
  registry: TunnelRegistry;
  tunnels: TunnelServer;
  lifeCycle: LifeCycle;
  queue: StartQueue;
  pool: WarmPool;
  reaper: Reaper;
  hostKey: HostKey;
  tunnelPorts: PortRange & { without: readonly number[] };
  externalPorts: PortRange;
}

/** What each verb of the contract does. */
export class Calls {
  readonly #options: CallOptions;

  constructor(options: CallOptions) {
    this.#options = options;
  }

  /** @throws GatewayFault for everything the contract has a code for. */
  answer(call: GatewayCall): Promise<GatewayAnswer<GatewayCall['verb']>> {
    switch (call.verb) {
      case 'health':
        return this.#health();
      case 'allocate_port':
        return this.#allocatePort(call.routerId);
      case 'drop_tunnel':
        return this.#options.tunnels.drop(call.routerId).then((dropped) => ({ dropped }));
      case 'start_session':
        return this.#startSession(call);
      case 'end_session':
        return this.#endSession(call.sessionId);
      case 'list':
        return Promise.resolve().then(() => this.list());
    }
  }

  /**
   * Every session and every tunnel.
   * @throws GatewayFault `engine_unavailable` until what an earlier process left is taken over: a list without those sessions
   *   would be read as their end.
   */
  list(): GatewayAnswer<'list'> {
    this.#checkRecovered();
    return { sessions: this.#options.lifeCycle.list(), tunnels: this.#options.tunnels.list() };
  }

  #checkRecovered(): void {
    if (!this.#options.reaper.recovered) {
      throw new GatewayFault('engine_unavailable', 'what an earlier gateway left is not taken over yet');
    }
  }

  async #endSession(sessionId: string): Promise<GatewayAnswer<'end_session'>> {
    this.#checkRecovered();
    return { ended: await this.#options.lifeCycle.end(sessionId) };
  }

  async #health(): Promise<GatewayAnswer<'health'>> {
    const { engine, registry, tunnels, lifeCycle, queue, pool, hostKey } = this.#options;
    const [engineVersion, database] = await Promise.all([
      engine.version().catch(() => null),
      registry.healthy().catch(() => false),
    ]);
    return {
      engine: engineVersion !== null,
      engineVersion,
      database,
      tunnelServer: tunnels.listening,
      tunnelHostKey: hostKey.publicKey,
      tunnelServerPort: tunnels.port,
      tunnelUser: TUNNEL_USER,
      sandboxes: lifeCycle.sandboxes,
      queued: queue.waiting,
      warm: pool.ready,
    };
  }

  async #allocatePort(routerId: string): Promise<GatewayAnswer<'allocate_port'>> {
    const { registry, tunnelPorts } = this.#options;
    try {
      return { port: await registry.allocatePort(routerId, tunnelPorts) };
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name === 'UnknownRouter') throw new GatewayFault('unknown_router', 'there is no such router');
      if (name === 'PortsExhausted') throw new GatewayFault('ports_exhausted', 'every tunnel port is taken');
      throw error;
    }
  }

  async #startSession(call: Extract<GatewayCall, { verb: 'start_session' }>): Promise<GatewayAnswer<'start_session'>> {
    const { engine, registry, lifeCycle, reaper } = this.#options;
    const known = lifeCycle.find(call.sessionId);
    if (known !== null) return known;
    const router = await registry.find(call.routerId);
    if (router === null || router.organisationId !== call.organisationId) {
      throw new GatewayFault('unknown_router', 'there is no such router');
    }
    const route = this.#routeTo(router);
    try {
      await engine.ping();
    } catch (error) {
      throw new GatewayFault('engine_unavailable', 'the container engine does not answer', { cause: error });
    }
    // What an earlier process left may be this very session.
    if (!reaper.recovered) await reaper.sweep();
    this.#checkRecovered();
    const { sessionId, organisationId, userId, priority } = call;
    return lifeCycle.start({ sessionId, organisationId, userId, priority }, route);
  }

  #routeTo({ routerId, attachment, port }: RegisteredRouter): RouterRoute {
    if (attachment === 'enrolled') return { attachment, routerId };
    const { low, high } = this.#options.externalPorts;
    // A row must not be able to lead a sandbox to any other service of this machine.
    if (port === null || port < low || port > high) {
      throw new GatewayFault('unknown_router', `the router's port is not one of ${low}-${high}`);
    }
    return { attachment, port };
  }
}
