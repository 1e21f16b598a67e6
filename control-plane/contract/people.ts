import { z } from 'zod';
import { Id, Instant } from './identifiers.ts';

/** What a member may do in an organisation, most first. */
export const ROLES = ['owner', 'admin', 'operator', 'viewer'] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

export const Person = z.strictObject({
  id: Id,
  email: z.string().nullable(),
  name: z.string(),
});
export type Person = z.infer<typeof Person>;

/** Answer of `GET /api/v1/me`. */
export const Me = z.strictObject({
  ...Person.shape,
  platformAdministrator: z.boolean(),
  loginSessionId: Id,
  memberships: z.array(z.strictObject({ organisationId: Id, organisationName: z.string(), role: Role })),
  limits: z.strictObject({ sessionsPerUser: z.int() }),
});
export type Me = z.infer<typeof Me>;

/** A sign-in of a person on one device. */
export const LoginSession = z.strictObject({
  id: Id,
  createdAt: Instant,
  lastUsedAt: Instant,
  userAgent: z.string().nullable(),
  address: z.string().nullable(),
  current: z.boolean(),
});
export type LoginSession = z.infer<typeof LoginSession>;

/** A person as the platform administrator sees them. */
export const User = z.strictObject({
  ...Person.shape,
  platformAdministrator: z.boolean(),
  disabled: z.boolean(),
  createdAt: Instant,
  lastSignInAt: Instant.nullable(),
});
export type User = z.infer<typeof User>;

export const UserChange = z.strictObject({ disabled: z.boolean() });
export type UserChange = z.infer<typeof UserChange>;
