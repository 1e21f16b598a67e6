import { z } from 'zod';
import { Id, Port } from './identifiers.ts';
import { TunnelState } from './routers.ts';
import { QueuePlace } from './sessions.ts';

/**
 * The gateway's API towards api: a closed list of verbs over a unix socket. No image, mount, command, capability, host or path can be
 * said in it. `POST /v1/call` takes one {@link GatewayCall} and answers with the {@link GATEWAY_ANSWERS} schema of its verb or a
 * {@link GatewayProblem}; `GET /v1/events` is an endless NDJSON stream of {@link GatewayEvent} that begins with a snapshot.
 */
export const GATEWAY_PATHS = { call: '/v1/call', events: '/v1/events' } as const;

/** No call body is longer, in bytes. */
export const MAX_GATEWAY_CALL = 4_096;

export const GatewayCall = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.literal('health') }),
  /** Gives the router the lowest free port of the range, or says which it has already. */
  z.strictObject({ verb: z.literal('allocate_port'), routerId: Id }),
  /** Closes the router's tunnel and stops listening; the port is free once the router's row is. Also after a key change. */
  z.strictObject({ verb: z.literal('drop_tunnel'), routerId: Id }),
  /** Asks for a sandbox whose relay leads to the router's tunnel port; idempotent for a session that is there already. */
  z.strictObject({
    verb: z.literal('start_session'),
    sessionId: Id,
    organisationId: Id,
    userId: Id,
    routerId: Id,
    /** Higher goes first, inside the organisation only. */
    priority: z.int().min(0).max(9),
  }),
  /** Gives the queue place up, or stops and removes the sandbox; answers when the container is gone. Idempotent. */
  z.strictObject({ verb: z.literal('end_session'), sessionId: Id }),
  z.strictObject({ verb: z.literal('list') }),
]);
export type GatewayCall = z.infer<typeof GatewayCall>;

/** Where a session is, as the gateway sees it. */
export const GatewaySession = z.strictObject({
  sessionId: Id,
  state: z.enum(['queued', 'starting', 'ready', 'gone']),
  queue: QueuePlace.nullable(),
  /** Name of the session directory below the run directory's `sessions/`; set from `ready` on. */
  sandboxId: Id.nullable(),
  /** Digest of the image the sandbox runs. */
  imageDigest: z.string().max(100).nullable(),
  /** Why it is gone, in words for the operator. */
  detail: z.string().max(500).nullable(),
  /** What became of it, when gone. */
  cause: z.enum(['ended', 'start_failed', 'exited', 'out_of_memory', 'lost']).nullable(),
});
export type GatewaySession = z.infer<typeof GatewaySession>;

export const GatewayTunnel = z.strictObject({ routerId: Id, organisationId: Id, port: Port, tunnel: TunnelState });
export type GatewayTunnel = z.infer<typeof GatewayTunnel>;

export const GATEWAY_ANSWERS = {
  health: z.strictObject({
    engine: z.boolean(),
    engineVersion: z.string().max(100).nullable(),
    database: z.boolean(),
    tunnelServer: z.boolean(),
    /** `ssh-ed25519 AAAA…`: what routers pin when they enrol. */
    tunnelHostKey: z.string().max(2_000),
    tunnelServerPort: Port,
    /** The user name every router dials in with. */
    tunnelUser: z.string().max(32),
    sandboxes: z.int().min(0),
    queued: z.int().min(0),
    warm: z.int().min(0),
  }),
  allocate_port: z.strictObject({ port: Port }),
  drop_tunnel: z.strictObject({ dropped: z.boolean() }),
  start_session: GatewaySession,
  end_session: z.strictObject({ ended: z.boolean() }),
  list: z.strictObject({ sessions: z.array(GatewaySession).max(10_000), tunnels: z.array(GatewayTunnel).max(10_000) }),
} as const satisfies Record<GatewayCall['verb'], z.ZodType>;
export type GatewayAnswer<V extends GatewayCall['verb']> = z.infer<(typeof GATEWAY_ANSWERS)[V]>;

export const GatewayProblem = z.strictObject({
  code: z.enum([
    'invalid_call',
    'unknown_router',
    'ports_exhausted',
    'engine_unavailable',
    'too_many_waiting',
    'internal',
  ]),
  detail: z.string().max(500),
});
export type GatewayProblem = z.infer<typeof GatewayProblem>;

export const GatewayEvent = z.discriminatedUnion('type', [
  /** First line of every stream: the whole truth; what is not in it is gone. */
  z.strictObject({ type: z.literal('snapshot'), sessions: z.array(GatewaySession), tunnels: z.array(GatewayTunnel) }),
  z.strictObject({ type: z.literal('session'), session: GatewaySession }),
  z.strictObject({ type: z.literal('tunnel'), tunnel: GatewayTunnel }),
  /** Every few seconds, so that a dead stream is noticed. */
  z.strictObject({ type: z.literal('heartbeat') }),
]);
export type GatewayEvent = z.infer<typeof GatewayEvent>;
