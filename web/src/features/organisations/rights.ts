import type { Me, Role } from '@netpilot/control-plane/contract/people.ts';

/** @returns the person's role in an organisation, null for an outsider. */
export function roleIn(me: Me, organisationId: string): Role | null {
  return me.memberships.find((membership) => membership.organisationId === organisationId)?.role ?? null;
}

/** Owners and admins: members, settings, every router and session of the organisation. */
export function administers(me: Me, organisationId: string): boolean {
  const role = roleIn(me, organisationId);
  return role === 'owner' || role === 'admin';
}

/** Everybody but viewers: opens terminals, adds routers, changes their own. */
export function operates(me: Me, organisationId: string): boolean {
  return administers(me, organisationId) || roleIn(me, organisationId) === 'operator';
}

/** Owner of the router, or administrator of its organisation. */
export function mayChangeRouter(me: Me, router: { organisationId: string; ownerId: string }): boolean {
  return administers(me, router.organisationId) || (router.ownerId === me.id && operates(me, router.organisationId));
}
