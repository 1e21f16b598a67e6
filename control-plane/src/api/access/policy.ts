import type { Role } from '../../../contract/people.ts';
import { ProblemError, notFound } from '../errors.ts';
import { type Actor, roleIn } from './actor.ts';

/** What something belongs to; `ownerId` where a person has a right of their own to it. */
export interface Resource {
  readonly organisationId: string;
  readonly ownerId?: string | undefined;
}

interface Rule {
  /** Roles of the resource's organisation that may. */
  readonly roles: readonly Role[];
  /** The person it belongs to may, while they are a member with at least this role. */
  readonly own?: readonly Role[];
  /** The platform administrator may without being a member. */
  readonly platform?: true;
}

const ANYBODY: readonly Role[] = ['owner', 'admin', 'operator', 'viewer'];
const WORKERS: readonly Role[] = ['owner', 'admin', 'operator'];
const ADMINISTRATORS: readonly Role[] = ['owner', 'admin'];

/** Every action on a tenant's things, once. What is not here is denied. */
export const RULES = {
  'organisation.read': { roles: ANYBODY, platform: true },
  'organisation.rename': { roles: ADMINISTRATORS },
  'organisation.delete': { roles: ['owner'] },
  'member.list': { roles: ANYBODY, platform: true },
  'member.change': { roles: ADMINISTRATORS },
  'audit.read': { roles: ADMINISTRATORS, platform: true },
  'router.read': { roles: ANYBODY },
  'router.create': { roles: WORKERS },
  'router.change': { roles: ADMINISTRATORS, own: WORKERS },
  'router.delete': { roles: ADMINISTRATORS, own: WORKERS },
  'router.test': { roles: WORKERS },
  'router.confirm_host_key': { roles: ADMINISTRATORS, own: WORKERS },
  /** What a router is set to, its devices and usage: as stored, and read anew in a session of one's own. */
  'router.observe': { roles: ANYBODY },
  /** Devices, blocks, limits, groups. */
  'router.operate': { roles: WORKERS },
  /** The router itself: Wi-Fi, configuration, packages, reset. */
  'router.configure': { roles: ADMINISTRATORS, own: WORKERS },
  'session.start': { roles: WORKERS },
  /** Seeing that a session exists, its state and its times. */
  'session.read': { roles: ADMINISTRATORS, own: ANYBODY, platform: true },
  /** Terminals and commands: the person's own session only, whatever the role of others. */
  'session.use': { roles: [], own: WORKERS },
  /** Looking at the router's files and taking them along, and changing them; as with terminals, in the person's own session only. */
  'files.read': { roles: [], own: WORKERS },
  'files.write': { roles: [], own: WORKERS },
  /** Having a terminal of one's own session shown, also while its input is paused. */
  'session.attach': { roles: [], own: WORKERS },
  /** Finding, playing and verifying; people their own. */
  'recording.read': { roles: ADMINISTRATORS, own: ANYBODY, platform: true },
  /** Taking the file away. */
  'recording.download': { roles: ADMINISTRATORS },
  'recording.delete': { roles: ADMINISTRATORS },
  'session.end': { roles: ADMINISTRATORS, own: ANYBODY, platform: true },
  'session.oversee': { roles: ADMINISTRATORS, platform: true },
  /** Seeing what somebody else sees. */
  'session.watch': { roles: ADMINISTRATORS, platform: true },
  /** Typing into somebody else's terminal. */
  'session.join': { roles: ADMINISTRATORS, platform: true },
  'lock.manage': { roles: ADMINISTRATORS, platform: true },
  'policy.change': { roles: ADMINISTRATORS },
} as const satisfies Record<string, Rule>;

export type Action = keyof typeof RULES;

/** Deny by default: true only when a rule names the actor's role, their ownership or the platform administrator. */
export function can(
  actor: Pick<Actor, 'userId' | 'memberships' | 'platformAdministrator'>,
  action: Action,
  resource: Resource,
): boolean {
  const rule: Rule = RULES[action];
  if (rule.platform === true && actor.platformAdministrator) return true;
  const role = roleIn(actor, resource.organisationId);
  if (role === null) return false;
  if (rule.roles.includes(role)) return true;
  return resource.ownerId === actor.userId && (rule.own?.includes(role) ?? false);
}

/**
 * @throws ProblemError `not_found` when the actor may not even know of the resource, `forbidden` when they may see but not do.
 */
export function authorise(actor: Actor, action: Action, resource: Resource, visible: boolean): void {
  if (can(actor, action, resource)) return;
  throw visible ? new ProblemError('forbidden') : notFound();
}
