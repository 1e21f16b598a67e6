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
/** Of what concerns the platform alone: nobody is a member of it. */
const NO_ORGANISATION = '00000000-0000-0000-0000-000000000000';
/** How often those who oversee sessions hear what moves in them, in milliseconds. */
const ACTIVITY_MS = 2_000;

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
  readonly #timer: NodeJS.Timeout;
  /** Bytes of each session as they were told last. */
  readonly #told = new Map<string, number>();

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
    this.#timer = setInterval(() => this.#tellActivity(), ACTIVITY_MS);
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
      if (maySee(actor, session)) send(socket, textOf(session, actor));
    }
  }

  /** Passes on what the database says has changed, whichever api process changed it. */
  changed({ table, id, organisationId }: Change): void {
    if (table === 'locks') this.publish({ type: 'locks_changed', organisationId: organisationId ?? null });
    if (organisationId === undefined) return;
    if (table === 'routers') this.publish({ type: 'router_changed', routerId: id, organisationId });
    if (table === 'organisations' || table === 'memberships') {
      this.publish({ type: 'organisation_changed', organisationId });
    }
  }

  /** Tells everybody who may read of it: the routers of the organisation, or its oversight. */
  publish(event: Exclude<PageEvent, { type: 'hello' | 'session' }>): void {
    const action = event.type === 'locks_changed' || event.type === 'activity' ? 'session.oversee' : 'router.read';
    let text: string | undefined;
    for (const [socket, actor] of this.sockets.entries()) {
      if (!can(actor, action, { organisationId: event.organisationId ?? NO_ORGANISATION })) continue;
      text ??= JSON.stringify(event);
      send(socket, text);
    }
  }

  close(): void {
    for (const off of this.#offs) off();
    clearInterval(this.#timer);
    this.sockets.close();
  }

  #tellActivity(): void {
    const live = new Set<string>();
    for (const { identity, bytes, lastActivityAt } of this.#services.sessions.active) {
      live.add(identity.id);
      if (this.#told.get(identity.id) === bytes) continue;
      this.#told.set(identity.id, bytes);
      this.publish({
        type: 'activity',
        sessionId: identity.id,
        organisationId: identity.organisationId,
        bytes,
        lastActivityAt: lastActivityAt === null ? null : new Date(lastActivityAt).toISOString(),
      });
    }
    for (const id of this.#told.keys()) if (!live.has(id)) this.#told.delete(id);
  }

  #session(session: LiveSession): void {
    for (const [socket, actor] of this.sockets.entries()) {
      if (maySee(actor, session)) send(socket, textOf(session, actor));
    }
  }
}

function maySee(actor: Actor, { identity }: LiveSession): boolean {
  return can(actor, 'session.read', { organisationId: identity.organisationId, ownerId: identity.userId });
}

function textOf(session: LiveSession, actor: Actor): string {
  return JSON.stringify({ type: 'session', session: presentSession(session, actor) } satisfies PageEvent);
}

function send(socket: WebSocket, text: string): void {
  if (socket.readyState !== socket.OPEN) return;
  // Closing politely would wait behind what it does not read.
  if (socket.bufferedAmount > MAX_BEHIND) socket.terminate();
  else socket.send(text);
}
