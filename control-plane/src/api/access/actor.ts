import type { Scope } from '@netpilot/db/database.ts';
import type { Role } from '../../../contract/people.ts';

/** A signed-in person as one request knows them; read from the database at every request, never from the token alone. */
export interface Actor {
  readonly userId: string;
  readonly name: string;
  readonly email: string | null;
  readonly loginSessionId: string;
  readonly platformAdministrator: boolean;
  readonly memberships: readonly { readonly organisationId: string; readonly role: Role }[];
}

/** @returns the actor's role in an organisation, null for an outsider. */
export function roleIn(actor: Pick<Actor, 'memberships'>, organisationId: string): Role | null {
  return actor.memberships.find((membership) => membership.organisationId === organisationId)?.role ?? null;
}

/** What the database lets this person's requests see: the organisations that they are a member of. */
export function scopeOf(actor: Actor): Scope {
  return { organisations: actor.memberships.map((membership) => membership.organisationId), userId: actor.userId };
}

/** Scope for oversight by the platform administrator: all organisations; the policy must have been asked first. */
export function oversightScope(actor: Actor): Scope {
  return actor.platformAdministrator ? { organisations: 'all', userId: actor.userId } : scopeOf(actor);
}
