import { z } from 'zod';
import { Id } from './identifiers.ts';
import { TunnelState } from './routers.ts';
import { Session } from './sessions.ts';

/** What `GET /api/v1/events` (WebSocket, JSON text frames) tells a page; each is the whole new state, so a lost one heals with the next. */
export const PageEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), at: z.string() }),
  z.strictObject({ type: z.literal('session'), session: Session }),
  z.strictObject({ type: z.literal('tunnel'), routerId: Id, organisationId: Id, tunnel: TunnelState }),
  z.strictObject({ type: z.literal('router_changed'), routerId: Id, organisationId: Id }),
  z.strictObject({ type: z.literal('organisation_changed'), organisationId: Id }),
]);
export type PageEvent = z.infer<typeof PageEvent>;
