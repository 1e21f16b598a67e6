import { describe, expect, it } from '@jest/globals';
import type { Me, Role } from '@netpilot/control-plane/contract/people.ts';
import { administers, mayChangeRouter, operates, roleIn } from './rights.ts';

const person = (role: Role): Me => ({
  id: 'me',
  name: 'Me',
  email: null,
  platformAdministrator: false,
  loginSessionId: 'login',
  memberships: [{ organisationId: 'home', organisationName: 'Home', role }],
  limits: { sessionsPerUser: 5 },
});

describe('rights that the pages show', () => {
  it.each([
    ['owner', true, true],
    ['admin', true, true],
    ['operator', false, true],
    ['viewer', false, false],
  ] as const)('%s administers: %s, operates: %s', (role, administering, operating) => {
    expect(administers(person(role), 'home')).toBe(administering);
    expect(operates(person(role), 'home')).toBe(operating);
    expect(administers(person(role), 'elsewhere')).toBe(false);
    expect(operates(person(role), 'elsewhere')).toBe(false);
    expect(roleIn(person(role), 'elsewhere')).toBeNull();
  });

  it('let operators change their own routers only', () => {
    const own = { organisationId: 'home', ownerId: 'me' };
    const other = { organisationId: 'home', ownerId: 'other' };
    expect(mayChangeRouter(person('operator'), own)).toBe(true);
    expect(mayChangeRouter(person('operator'), other)).toBe(false);
    expect(mayChangeRouter(person('viewer'), own)).toBe(false);
    expect(mayChangeRouter(person('admin'), other)).toBe(true);
  });
});
