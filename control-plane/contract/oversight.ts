import { z } from 'zod';
import { Id, Instant, Moment, PrintableText } from './identifiers.ts';
import { ROLES, Role } from './people.ts';

/** What an organisation decides about the sessions of its people; every member may read it, its administrators may change it. */
export const OrganisationPolicy = z.strictObject({
  /** Whether recordings hold what was typed as well; never what is typed while the terminal does not echo. */
  recordInput: z.boolean(),
  /** How long a recording is kept, in days. */
  recordingRetentionDays: z.int().min(1).max(3_650),
  /** Whether a person is told who watches their session. */
  watchNotice: z.boolean(),
});
export type OrganisationPolicy = z.infer<typeof OrganisationPolicy>;

/** Body of `PATCH /organisations/:id/policy`: only what changes. */
export const OrganisationPolicyChange = OrganisationPolicy.partial();
export type OrganisationPolicyChange = z.infer<typeof OrganisationPolicyChange>;

/** What a lock holds: sessions of the person, with the router, of the organisation, of the people with the role. */
export const LockTarget = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('user'), userId: Id }),
  z.strictObject({ type: z.literal('router'), routerId: Id }),
  z.strictObject({ type: z.literal('organisation') }),
  z.strictObject({ type: z.literal('role'), role: z.enum(ROLES) }),
]);
export type LockTarget = z.infer<typeof LockTarget>;
export const LOCK_TARGETS = ['user', 'router', 'organisation', 'role'] as const satisfies LockTarget['type'][];

/** A message that one person writes to another, on one line. */
export const Message = PrintableText.max(300);

/** While it stands, its sessions are ended and no new ones start. */
export const Lock = z.strictObject({
  id: Id,
  /** Null for a lock on a person in every organisation, which only the platform administrator sets. */
  organisationId: Id.nullable(),
  target: LockTarget,
  /** The name of what is locked, as it was. */
  targetName: z.string(),
  /** Why, for those whom it holds. */
  message: z.string(),
  createdAt: Instant,
  createdBy: z.string(),
  /** Null: until it is lifted. */
  expiresAt: Instant.nullable(),
});
export type Lock = z.infer<typeof Lock>;

export const LockInput = z
  .strictObject({
    organisationId: Id.nullable(),
    target: LockTarget,
    message: Message,
    /** In the future; null: until it is lifted. */
    expiresAt: Moment.nullable(),
  })
  .refine(({ organisationId, target }) => organisationId !== null || target.type === 'user', {
    path: ['organisationId'],
    message: 'only a person can be locked everywhere',
  });
export type LockInput = z.infer<typeof LockInput>;

/** Body of `POST /oversight/sessions/:id/message`. */
export const SessionMessage = z.strictObject({ text: Message });
export type SessionMessage = z.infer<typeof SessionMessage>;

/** Somebody who watches a session or has joined it. */
export const Watcher = z.strictObject({ name: z.string(), role: Role.nullable(), joined: z.boolean(), since: Instant });
export type Watcher = z.infer<typeof Watcher>;
