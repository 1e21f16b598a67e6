import type { Membership as MembershipRow } from '@netpilot/db/models/membership.ts';
import type { Organisation as OrganisationRow } from '@netpilot/db/models/organisation.ts';
import type { User as UserRow } from '@netpilot/db/models/user.ts';
import type { Member, Organisation } from '../../../contract/organisations.ts';
import type { Role } from '../../../contract/people.ts';

/** @param role the reader's own, null for a platform administrator who is no member. */
export function presentOrganisation(row: OrganisationRow, role: Role | null): Organisation {
  return { id: row.id, name: row.name, role, createdAt: row.createdAt.toISOString() };
}

/** A membership together with the person it is of. */
export function presentMember(membership: MembershipRow, user: UserRow): Member {
  return {
    userId: user.id,
    name: user.name,
    email: user.email,
    role: membership.role,
    since: membership.createdAt.toISOString(),
  };
}
