import { z } from 'zod';
import { DisplayName, Id, Instant } from './identifiers.ts';
import { Role } from './people.ts';

export const Organisation = z.strictObject({ id: Id, name: z.string(), role: Role.nullable(), createdAt: Instant });
export type Organisation = z.infer<typeof Organisation>;

export const OrganisationInput = z.strictObject({ name: DisplayName });
export type OrganisationInput = z.infer<typeof OrganisationInput>;

export const Member = z.strictObject({
  userId: Id,
  name: z.string(),
  email: z.string().nullable(),
  role: Role,
  since: Instant,
});
export type Member = z.infer<typeof Member>;

/** Adds a person who has signed in once already, by verified e-mail address. */
export const MemberInput = z.strictObject({ email: z.email().max(254), role: Role });
export type MemberInput = z.infer<typeof MemberInput>;

export const MemberChange = z.strictObject({ role: Role });
export type MemberChange = z.infer<typeof MemberChange>;
