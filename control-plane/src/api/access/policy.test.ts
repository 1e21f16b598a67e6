import { describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ROLES } from '../../../contract/people.ts';
import { ProblemError } from '../errors.ts';
import type { Actor } from './actor.ts';
import { type Action, authorise, can, RULES } from './policy.ts';

const organisationId = randomUUID();
const actor = (role: (typeof ROLES)[number] | null, platformAdministrator = false): Actor => ({
  userId: randomUUID(),
  name: 'Somebody',
  email: null,
  loginSessionId: randomUUID(),
  platformAdministrator,
  memberships: role === null ? [] : [{ organisationId, role }],
});

/** Every action with who may: roles of the organisation, `own` for their own thing, `platform`. Written by hand, apart from the rules. */
const MATRIX: Readonly<Record<Action, string>> = {
  'organisation.read': 'owner admin operator viewer platform',
  'organisation.rename': 'owner admin',
  'organisation.delete': 'owner',
  'member.list': 'owner admin operator viewer platform',
  'member.change': 'owner admin',
  'audit.read': 'owner admin platform',
  'router.read': 'owner admin operator viewer',
  'router.create': 'owner admin operator',
  'router.change': 'owner admin own:operator',
  'router.delete': 'owner admin own:operator',
  'router.test': 'owner admin operator',
  'router.confirm_host_key': 'owner admin own:operator',
  'router.observe': 'owner admin operator viewer',
  'router.operate': 'owner admin operator',
  'router.configure': 'owner admin own:operator',
  'session.start': 'owner admin operator',
  'session.read': 'owner admin own:operator own:viewer platform',
  'session.use': 'own:owner own:admin own:operator',
  'files.read': 'own:owner own:admin own:operator',
  'files.write': 'own:owner own:admin own:operator',
  'session.attach': 'own:owner own:admin own:operator',
  'recording.read': 'owner admin own:operator own:viewer platform',
  'recording.download': 'owner admin',
  'recording.delete': 'owner admin',
  'session.end': 'owner admin own:operator own:viewer platform',
  'session.oversee': 'owner admin platform',
  'session.watch': 'owner admin platform',
  'session.join': 'owner admin platform',
  'lock.manage': 'owner admin platform',
  'policy.change': 'owner admin',
};

describe('policy', () => {
  test('every action stands in the matrix', () =>
    expect(Object.keys(RULES).sort()).toEqual(Object.keys(MATRIX).sort()));

  test.each(Object.entries(MATRIX) as [Action, string][])('%s', (action, who) => {
    const allowed = new Set(who.split(' '));
    for (const role of ROLES) {
      const member = actor(role);
      expect([role, can(member, action, { organisationId, ownerId: randomUUID() })]).toEqual([role, allowed.has(role)]);
      expect([`own:${role}`, can(member, action, { organisationId, ownerId: member.userId })]).toEqual([
        `own:${role}`,
        allowed.has(role) || allowed.has(`own:${role}`),
      ]);
      expect(can(member, action, { organisationId: randomUUID(), ownerId: member.userId })).toBe(false);
    }
    const outsider = actor(null);
    expect(can(outsider, action, { organisationId, ownerId: outsider.userId })).toBe(false);
    expect(can(actor(null, true), action, { organisationId })).toBe(allowed.has('platform'));
  });

  test('what may not be seen is not found, what may be seen is forbidden', () => {
    const refusal = (visible: boolean) => {
      try {
        authorise(actor('viewer'), 'router.create', { organisationId }, visible);
        return null;
      } catch (error) {
        return error instanceof ProblemError ? error.code : error;
      }
    };
    expect(refusal(false)).toBe('not_found');
    expect(refusal(true)).toBe('forbidden');
  });
});
