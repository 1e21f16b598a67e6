import type { GatewayEvent, GatewaySession, GatewayTunnel } from '../../../contract/gateway.ts';
import type { TunnelState } from '../../../contract/routers.ts';

/** What listeners are told; a snapshot is told as its differences and then `synchronised`. */
export type GatewayChange =
  | { readonly type: 'session'; readonly session: GatewaySession }
  | { readonly type: 'tunnel'; readonly tunnel: GatewayTunnel }
  | { readonly type: 'synchronised' }
  | { readonly type: 'disconnected' };

/** A tunnel nobody has told us of. */
export const UNKNOWN_TUNNEL: TunnelState = { up: false, since: null, latencyMs: null, lastSeenAt: null };

/** The gateway's state as last heard; pure, so that the difference a snapshot makes can be tested without a socket. */
export class GatewayView {
  readonly #sessions = new Map<string, GatewaySession>();
  readonly #tunnels = new Map<string, GatewayTunnel>();

  get sessions(): ReadonlyMap<string, GatewaySession> {
    return this.#sessions;
  }

  get tunnels(): ReadonlyMap<string, GatewayTunnel> {
    return this.#tunnels;
  }

  /** Takes one event in. @returns what it changed, in the order in which listeners are to hear of it. */
  apply(event: GatewayEvent): GatewayChange[] {
    switch (event.type) {
      case 'heartbeat':
        return [];
      case 'session':
        return this.#session(event.session);
      case 'tunnel':
        return this.#tunnel(event.tunnel);
      case 'snapshot':
        return this.#snapshot(event.sessions, event.tunnels);
    }
  }

  /** The stream broke: tunnels count as down until the next snapshot, sessions stay as they were. */
  disconnect(): GatewayChange[] {
    const changes: GatewayChange[] = [{ type: 'disconnected' }];
    for (const known of this.#tunnels.values()) {
      if (known.tunnel.up) changes.push(...this.#tunnel(down(known)));
    }
    return changes;
  }

  #session(session: GatewaySession): GatewayChange[] {
    const known = this.#sessions.get(session.sessionId);
    if (session.state === 'gone') this.#sessions.delete(session.sessionId);
    else this.#sessions.set(session.sessionId, session);
    return known !== undefined && same(known, session) ? [] : [{ type: 'session', session }];
  }

  #tunnel(tunnel: GatewayTunnel): GatewayChange[] {
    const known = this.#tunnels.get(tunnel.routerId);
    this.#tunnels.set(tunnel.routerId, tunnel);
    return known !== undefined && same(known, tunnel) ? [] : [{ type: 'tunnel', tunnel }];
  }

  #snapshot(sessions: readonly GatewaySession[], tunnels: readonly GatewayTunnel[]): GatewayChange[] {
    const changes: GatewayChange[] = [];
    const told = new Set(sessions.map((session) => session.sessionId));
    for (const known of this.#sessions.values()) {
      if (!told.has(known.sessionId)) changes.push(...this.#session(lost(known)));
    }
    for (const session of sessions) changes.push(...this.#session(session));
    const open = new Set(tunnels.map((tunnel) => tunnel.routerId));
    for (const known of this.#tunnels.values()) {
      if (open.has(known.routerId)) continue;
      if (known.tunnel.up) changes.push(...this.#tunnel(down(known)));
      this.#tunnels.delete(known.routerId);
    }
    for (const tunnel of tunnels) changes.push(...this.#tunnel(tunnel));
    changes.push({ type: 'synchronised' });
    return changes;
  }
}

function lost(session: GatewaySession): GatewaySession {
  return { ...session, state: 'gone', queue: null, cause: 'lost', detail: 'The gateway no longer knows this session.' };
}

function down(tunnel: GatewayTunnel): GatewayTunnel {
  return { ...tunnel, tunnel: { ...tunnel.tunnel, up: false, since: null, latencyMs: null } };
}

function same(one: GatewaySession | GatewayTunnel, other: GatewaySession | GatewayTunnel): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
