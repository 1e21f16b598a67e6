import type { FastifyInstance } from 'fastify';
import type { EventHub } from './event-hub.ts';

/** The events socket; needs @fastify/websocket registered before. */
export async function eventRoutes(app: FastifyInstance, services: { readonly events: EventHub }): Promise<void> {
  app.get('/events', { websocket: true, config: { access: 'person' } }, (socket, request) => {
    services.events.join(socket, request.actor);
  });
}
