import { z } from 'zod';
import { DisplayName, Fingerprint, Id, Instant, Port, RouterUser, SshPublicKey } from './identifiers.ts';

/** `modern`: what OpenSSH 9 would accept; `legacy`: also SHA-1 key exchange and ssh-rsa, for one router that needs it. */
export const AlgorithmSet = z.enum(['modern', 'legacy']);
export type AlgorithmSet = z.infer<typeof AlgorithmSet>;

/** State of a router's reverse tunnel as the gateway sees it. */
export const TunnelState = z.strictObject({
  up: z.boolean(),
  since: Instant.nullable(),
  latencyMs: z.number().min(0).nullable(),
  lastSeenAt: Instant.nullable(),
});
export type TunnelState = z.infer<typeof TunnelState>;

export const Router = z.strictObject({
  id: Id,
  organisationId: Id,
  ownerId: Id,
  name: z.string(),
  user: RouterUser,
  algorithms: AlgorithmSet,
  /** `enrolled`: the router dials in with its own key; `manual`: somebody else holds the tunnel open. */
  attachment: z.enum(['enrolled', 'manual']),
  authentication: z.enum(['bastion_key', 'password', 'private_key']),
  tunnelPort: Port.nullable(),
  hostKeyFingerprint: Fingerprint.nullable(),
  /** A host key seen that is not the pinned one, waiting for the owner's word. */
  pendingHostKeyFingerprint: Fingerprint.nullable(),
  enrolledAt: Instant.nullable(),
  createdAt: Instant,
  tunnel: TunnelState,
});
export type Router = z.infer<typeof Router>;

const common = { organisationId: Id, name: DisplayName, algorithms: AlgorithmSet.default('modern') };

/** `enrol`: answer holds the line to paste; `manual`: a tunnel that exists already, with credentials. */
export const RouterInput = z.discriminatedUnion('attachment', [
  z.strictObject({ attachment: z.literal('enrolled'), ...common }),
  z.strictObject({
    attachment: z.literal('manual'),
    ...common,
    tunnelPort: Port,
    user: RouterUser,
    credential: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('password'), password: z.string().min(1).max(256) }),
      z.strictObject({ type: z.literal('private_key'), privateKey: z.string().min(100).max(20_000) }),
    ]),
  }),
]);
export type RouterInput = z.input<typeof RouterInput>;

export const RouterChange = z.strictObject({ name: DisplayName.optional(), algorithms: AlgorithmSet.optional() });
export type RouterChange = z.infer<typeof RouterChange>;

/** The lines for the router's shell. `install` works once and until `expiresAt`; `remove` undoes it at any time. */
export const Enrolment = z.strictObject({ install: z.string(), remove: z.string(), expiresAt: Instant });
export type Enrolment = z.infer<typeof Enrolment>;

/** Answer of `POST /routers`. */
export const RouterCreated = z.strictObject({ router: Router, enrolment: Enrolment.nullable() });
export type RouterCreated = z.infer<typeof RouterCreated>;

/** What the router's shell posts with its one-time token (form-encoded, for BusyBox wget and uclient-fetch). */
export const EnrolmentToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/u);
export const EnrolmentReport = z.strictObject({
  token: EnrolmentToken,
  /** The tunnel key made on the router. */
  key: SshPublicKey,
  /** Host key of the router's own SSH server. */
  host_key: SshPublicKey,
  user: RouterUser,
});
export type EnrolmentReport = z.infer<typeof EnrolmentReport>;

/** Outcome of `POST /routers/:id/test`, in words for the page. */
export const CONNECTION_FINDINGS = {
  ok: 'The router answers and lets the bastion in.',
  no_tunnel: 'The router has no tunnel open. Check its power and Internet line, or paste the line again.',
  refused: 'The tunnel is up, but the router refuses SSH connections. Check that its SSH server runs.',
  timeout: 'The tunnel is up, but the router does not answer in time.',
  wrong_credentials: 'The router refuses the credentials. Check user name, password or key.',
  host_key_unconfirmed: 'The router was reached for the first time. Compare its fingerprint and confirm it.',
  host_key_changed:
    'The router shows another host key than before. If you did not reset it, somebody may be in between.',
  no_common_algorithm:
    'The router offers only outdated encryption. Switch this router to legacy algorithms if you accept that.',
  failed: 'The connection failed.',
} as const;
export type ConnectionFinding = keyof typeof CONNECTION_FINDINGS;
export const ConnectionFinding = z.enum(
  Object.keys(CONNECTION_FINDINGS) as [ConnectionFinding, ...ConnectionFinding[]],
);

export const ConnectionTest = z.strictObject({
  finding: ConnectionFinding,
  explanation: z.string(),
  detail: z.string().nullable(),
  fingerprint: Fingerprint.nullable(),
  milliseconds: z.number().nullable(),
});
export type ConnectionTest = z.infer<typeof ConnectionTest>;

/** The owner confirms the fingerprint that they compared; any other pending key is refused. */
export const HostKeyConfirmation = z.strictObject({ fingerprint: Fingerprint });
export type HostKeyConfirmation = z.infer<typeof HostKeyConfirmation>;
