import type { Change } from '@netpilot/db/changes.ts';
import type { WebSocket } from 'ws';
import type { PageEvent } from '../../../contract/events.ts';
import type { Actor } from '../access/actor.ts';
import { can } from '../access/policy.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';
import type { LiveSession } from '../sessions/live-session.ts';
import type { Presence } from '../sessions/presence.ts';
import { presentSession } from '../sessions/presenter.ts';
import type { SessionService } from '../sessions/service.ts';
import { CLOSE, PersonSockets, closeSocket } from './person-sockets.ts';

/** Bytes that may wait for a page before it is cut. */
const MAX_BEHIND = 4_194_304;
const SOCKETS_PER_PERSON = 64;

export interface EventHubServices {
  readonly sessions: Pick<SessionService, 'on' | 'active'>;
  readonly gateway: Pick<GatewayClient, 'on' | 'tunnels'>;
  readonly presence: Presence;
}

/** Owner of the events sockets: tells each page what its person may know. */
export class EventHub {
  readonly sockets = new PersonSockets(SOCKETS_PER_PERSON);
  readonly #services: EventHubServices;
  readonly #offs: (() => void)[];

  constructor(services: EventHubServices) {
    this.#services = services;
    this.#offs = [
      services.sessions.on((session) => this.#session(session)),
      services.gateway.on((change) => {
        if (change.type !== 'tunnel') return;
        const { routerId, organisationId, tunnel } = change.tunnel;
        this.publish({ type: 'tunnel', routerId, organisationId, tunnel });
      }),
    ];
  }

  /** Takes a page's socket: says hello, how everything is, and from then on what changes. */
  join(socket: WebSocket, actor: Actor): void {
    if (!this.sockets.add(socket, actor)) return;
    socket.once('close', this.#services.presence.arrive(actor.userId));
    // A page has nothing to say here.
    socket.on('message', () => closeSocket(socket, CLOSE.badFrame, 'nothing is expected'));
    send(socket, JSON.stringify({ type: 'hello', at: new Date().toISOString() } satisfies PageEvent));
    for (const { routerId, organisationId, tunnel } of this.#services.gateway.tunnels().values()) {
      if (!can(actor, 'router.read', { organisationId })) continue;
      send(socket, JSON.stringify({ type: 'tunnel', routerId, organisationId, tunnel } satisfies PageEvent));
    }
    for (const session of this.#services.sessions.active) {
      if (maySee(actor, session)) send(socket, textOf(session));
    }
  }

  /** Passes on what the database says has changed, whichever api process changed it. */
  changed({ table, id, organisationId }: Change): void {
    if (organisationId === undefined) return;
    if (table === 'routers') this.publish({ type: 'router_changed', routerId: id, organisationId });
    if (table === 'organisations' || table === 'memberships') {
      this.publish({ type: 'organisation_changed', organisationId });
    }
  }

  /** Tells everybody who may read the routers of the organisation. */
  publish(event: Exclude<PageEvent, { type: 'hello' | 'session' }>): void {
    let text: string | undefined;
    for (const [socket, actor] of this.sockets.entries()) {
      if (!can(actor, 'router.read', { organisationId: event.organisationId })) continue;
      text ??= JSON.stringify(event);
      send(socket, text);
    }
  }

  close(): void {
    for (const off of this.#offs) off();
    this.sockets.close();
  }

  #session(session: LiveSession): void {
    let text: string | undefined;
    for (const [socket, actor] of this.sockets.entries()) {
      if (!maySee(actor, session)) continue;
      text ??= textOf(session);
      send(socket, text);
    }
  }
}

function maySee(actor: Actor, { identity }: LiveSession): boolean {
  return can(actor, 'session.read', { organisationId: identity.organisationId, ownerId: identity.userId });
}

function textOf(session: LiveSession): string {
  return JSON.stringify({ type: 'session', session: presentSession(session) } satisfies PageEvent);
}

function send(socket: WebSocket, text: string): void {
  if (socket.readyState !== socket.OPEN) return;
  // Closing politely would wait behind what it does not read.
  if (socket.bufferedAmount > MAX_BEHIND) socket.terminate();
  else socket.send(text);
}
