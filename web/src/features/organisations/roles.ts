import { ROLES, type Role } from '@netpilot/control-plane/contract/people.ts';

/** Roles in words. */
export const ROLE_WORDS: Record<Role, { name: string; may: string }> = {
  owner: { name: 'Owner', may: 'Everything, also delete the organisation' },
  admin: { name: 'Admin', may: 'Members, all routers, oversight of sessions' },
  operator: { name: 'Operator', may: 'Terminals, and routers of their own' },
  viewer: { name: 'Viewer', may: 'See routers and their state' },
};

/** Choices of a select field, the most powerful first. */
export const ROLE_CHOICES = ROLES.map((value) => ({ value, label: ROLE_WORDS[value].name }));
