import { z } from 'zod';
import { Id, Instant } from './identifiers.ts';
import { OperationRun } from './operation-runs.ts';
import { TunnelState } from './routers.ts';
import { Session } from './sessions.ts';

/** What `GET /api/v1/events` (WebSocket, JSON text frames) tells a page; each is the whole new state, so a lost one heals with the next. */
export const PageEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), at: z.string() }),
  z.strictObject({ type: z.literal('session'), session: Session }),
  z.strictObject({ type: z.literal('tunnel'), routerId: Id, organisationId: Id, tunnel: TunnelState }),
  z.strictObject({ type: z.literal('router_changed'), routerId: Id, organisationId: Id }),
  z.strictObject({ type: z.literal('organisation_changed'), organisationId: Id }),
  z.strictObject({ type: z.literal('operation_run'), organisationId: Id, routerId: Id, run: OperationRun }),
  z.strictObject({
    type: z.literal('router_data_changed'),
    organisationId: Id,
    routerId: Id,
    what: z.enum(['devices', 'policies', 'usage', 'speed_tests']),
  }),
  z.strictObject({ type: z.literal('locks_changed'), organisationId: Id.nullable() }),
  /** To those who oversee: what moves all the time in a session that is otherwise as it was. */
  z.strictObject({
    type: z.literal('activity'),
    sessionId: Id,
    organisationId: Id,
    bytes: z.int().min(0),
    lastActivityAt: Instant.nullable(),
  }),
]);
export type PageEvent = z.infer<typeof PageEvent>;
