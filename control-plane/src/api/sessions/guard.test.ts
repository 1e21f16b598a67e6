import { describe, expect, test } from '@jest/globals';
import type { Actor } from '../access/actor.ts';
import { RULES, type Action } from '../access/policy.ts';
import { ProblemError } from '../errors.ts';
import { guardUse } from './guard.ts';
import type { LiveSession } from './live-session.ts';
import { Overseen } from './overseen.ts';
import { ScreenLock } from './screen-lock.ts';

const organisationId = 'organisation';
const person = (userId: string): Actor => ({
  userId,
  name: userId,
  email: null,
  loginSessionId: `desk of ${userId}`,
  platformAdministrator: false,
  memberships: [{ organisationId, role: 'admin' }],
});
const [holder, administrator] = [person('holder'), person('administrator')];

function session(how: 'free' | 'paused' | 'dark'): LiveSession {
  const overseen = new Overseen(how === 'paused' ? { by: 'Dave', since: 0 } : null, () => undefined);
  const screenLock = new ScreenLock(how === 'dark' ? 1 : null);
  const identity = { organisationId, routerId: 'router', userId: holder.userId };
  return { identity, overseen, screenLock } as unknown as LiveSession;
}
/** What an action gets: the code that holds it, or null. */
function held(
  actor: Actor,
  action: Action,
  how: 'free' | 'paused' | 'dark',
  lock: string | null = null,
): string | null {
  try {
    guardUse(session(how), actor, action, { messageFor: () => lock });
    return null;
  } catch (error) {
    return error instanceof ProblemError ? error.code : String(error);
  }
}

const ACTIONS = Object.keys(RULES) as Action[];
const ALWAYS: Action[] = ['session.read', 'session.end', 'session.oversee'];

describe('the door of a session', () => {
  test('is open while nothing holds it', () => {
    for (const action of ACTIONS) expect([action, held(holder, action, 'free')]).toEqual([action, null]);
  });

  test.each<['paused' | 'dark', string, Action[]]>([
    ['paused', 'session_paused', [...ALWAYS, 'session.attach']],
    ['dark', 'screen_locked', ALWAYS],
  ])(
    '%s holds every action of its person, also one that nobody thought of, but for looking at its state',
    (how, code, free) => {
      for (const action of ACTIONS) {
        expect([action, held(holder, action, how)]).toEqual([action, free.includes(action) ? null : code]);
      }
    },
  );

  test('a lock holds everybody, those who look on as well', () => {
    for (const actor of [holder, administrator]) {
      for (const action of ACTIONS) {
        expect([action, held(actor, action, 'free', 'Closed.')]).toEqual([
          action,
          ALWAYS.includes(action) ? null : 'locked',
        ]);
      }
    }
  });

  test('a dark or paused screen is open to those who look on, and not to its person in their place', () => {
    for (const action of ['session.watch', 'session.join'] as const) {
      expect([held(administrator, action, 'dark'), held(administrator, action, 'paused')]).toEqual([null, null]);
      expect([held(holder, action, 'dark'), held(holder, action, 'paused')]).toEqual([
        'screen_locked',
        'session_paused',
      ]);
    }
  });
});
