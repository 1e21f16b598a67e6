import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { NOBODY, admit, join, leave, lineOf } from './admission.ts';
import type { AdmissionLimits, AdmissionState, Applicant } from './admission.ts';

const limits: AdmissionLimits = { sessions: 4, perOrganisation: 3, perUser: 2, waiting: 12, waitingPerUser: 5 };
const none: AdmissionLimits = { ...limits, sessions: 0 };
const wide: AdmissionLimits = {
  sessions: 1_000,
  perOrganisation: 1_000,
  perUser: 1_000,
  waiting: 1_000,
  waitingPerUser: 1_000,
};

const applicant = (
  sessionId: string,
  organisationId: string,
  userId = `${organisationId}-u`,
  priority = 0,
): Applicant => ({
  sessionId,
  organisationId,
  userId,
  priority,
});

function queueUp(applicants: readonly Applicant[]): AdmissionState {
  let state = NOBODY;
  for (const one of applicants) state = join(state, one, wide) ?? state;
  return state;
}

const names = (applicants: readonly Applicant[]) => applicants.map(({ sessionId }) => sessionId);

const anyApplicant = fc.record({
  sessionId: fc.nat({ max: 30 }).map((n) => `s${n}`),
  organisationId: fc.constantFrom('a', 'b', 'c', 'd'),
  userId: fc.constantFrom('u', 'v', 'w', 'x'),
  priority: fc.nat({ max: 9 }),
});
const anyStep = fc.oneof(
  { weight: 3, arbitrary: anyApplicant.map((who) => ({ does: 'join', who }) as const) },
  { weight: 2, arbitrary: fc.nat({ max: 30 }).map((n) => ({ does: 'leave', sessionId: `s${n}` }) as const) },
);

/** Runs steps as the start queue does: everybody that can be let in is, after each. */
function play(steps: readonly (typeof anyStep extends fc.Arbitrary<infer T> ? T : never)[]) {
  const states: AdmissionState[] = [];
  let state = NOBODY;
  for (const step of steps) {
    state = step.does === 'join' ? (join(state, step.who, limits) ?? state) : leave(state, step.sessionId);
    state = admit(state, limits).state;
    states.push(state);
  }
  return states;
}

describe('admission', () => {
  test('goes round between organisations, whoever asked most', () => {
    const state = queueUp([
      applicant('a1', 'a'),
      applicant('a2', 'a'),
      applicant('a3', 'a'),
      applicant('b1', 'b'),
      applicant('c1', 'c'),
      applicant('b2', 'b'),
    ]);
    expect(names(lineOf(state))).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(names(admit(state, wide).admitted)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  test('priority counts inside an organisation only', () => {
    const state = queueUp([
      applicant('a1', 'a', 'u', 0),
      applicant('b1', 'b', 'v', 0),
      applicant('b2', 'b', 'v', 9),
      applicant('a2', 'a', 'u', 5),
      applicant('a3', 'a', 'u', 5),
    ]);
    expect(names(lineOf(state))).toEqual(['a2', 'b2', 'a3', 'b1', 'a1']);
  });

  test('an organisation at its cap is passed over and keeps its turn', () => {
    let state = queueUp([applicant('a1', 'a'), applicant('a2', 'a'), applicant('b1', 'b'), applicant('b2', 'b')]);
    const tight = { ...wide, perOrganisation: 1 };
    const first = admit(state, tight);
    expect(names(first.admitted)).toEqual(['a1', 'b1']);
    state = leave(first.state, 'b1');
    const second = admit(state, tight);
    expect(names(second.admitted)).toEqual(['b2']);
    expect(names(admit(leave(second.state, 'a1'), tight).admitted)).toEqual(['a2']);
  });

  test('a person at their cap does not hold up their organisation', () => {
    const state = queueUp([applicant('1', 'a', 'u'), applicant('2', 'a', 'u'), applicant('3', 'a', 'v')]);
    expect(names(admit(state, { ...wide, perUser: 1 }).admitted)).toEqual(['1', '3']);
  });

  test('too many waiting, in all or of one person, are refused', () => {
    let state: AdmissionState | null = NOBODY;
    for (let n = 0; n < limits.waitingPerUser; n += 1)
      state = state && join(state, applicant(`u${n}`, 'a', 'u'), limits);
    expect(state).not.toBeNull();
    expect(join(state as AdmissionState, applicant('one-more', 'b', 'u'), limits)).toBeNull();
    expect(join(state as AdmissionState, applicant('other', 'a', 'v'), limits)).not.toBeNull();
    expect(join(state as AdmissionState, applicant('other', 'a', 'v'), { ...limits, waiting: 5 })).toBeNull();
  });

  test('no cap is ever exceeded', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 120 }), (steps) => {
        for (const { running, waiting } of play(steps)) {
          const inside = [...running.values()];
          const most = (of: (one: Applicant) => string, among: readonly Applicant[]) =>
            Math.max(0, ...among.map((one) => among.filter((other) => of(other) === of(one)).length));
          expect(inside.length).toBeLessThanOrEqual(limits.sessions);
          expect(most((one) => one.organisationId, inside)).toBeLessThanOrEqual(limits.perOrganisation);
          expect(most((one) => one.userId, inside)).toBeLessThanOrEqual(limits.perUser);
          const outside = [...waiting.values()].flat();
          expect(outside.length).toBeLessThanOrEqual(limits.waiting);
          expect(most((one) => one.userId, outside)).toBeLessThanOrEqual(limits.waitingPerUser);
        }
      }),
    );
  });

  test('who waits is in the line once, who leaves is nowhere, and nobody waits who could go', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 120 }), (steps) => {
        const states = play(steps);
        for (const [index, state] of states.entries()) {
          const line = names(lineOf(state));
          expect(new Set([...line, ...state.running.keys()]).size).toBe(line.length + state.running.size);
          expect([...state.rotation].sort()).toEqual([...state.waiting.keys()].sort());
          expect(admit(state, limits).admitted).toEqual([]);
          const step = steps[index];
          if (step?.does === 'leave') expect([...line, ...state.running.keys()]).not.toContain(step.sessionId);
        }
      }),
    );
  });

  test('asking again changes nothing, whatever priority it claims', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), fc.nat(), anyApplicant, (steps, pick, claim) => {
        const state = play(steps).at(-1) ?? NOBODY;
        const known = [...state.running.keys(), ...names(lineOf(state))];
        const sessionId = known[pick % Math.max(1, known.length)];
        if (sessionId === undefined) return;
        expect(join(state, { ...claim, sessionId }, limits)).toBe(state);
      }),
    );
  });

  test('giving a place up and asking again never gains a better one', () => {
    fc.assert(
      fc.property(fc.array(anyApplicant, { minLength: 2, maxLength: 40 }), fc.nat(), (applicants, pick) => {
        const state = queueUp(applicants);
        const line = lineOf(state);
        const who = line[pick % line.length] as Applicant;
        const again = join(leave(state, who.sessionId), who, wide) as AdmissionState;
        expect(names(lineOf(again)).indexOf(who.sessionId)).toBeGreaterThanOrEqual(names(line).indexOf(who.sessionId));
      }),
    );
  });

  test('nobody starves: an organisation is served before any other is served twice, however many come', () => {
    fc.assert(
      fc.property(
        fc.array(anyApplicant, { minLength: 1, maxLength: 30 }),
        fc.array(anyApplicant, { maxLength: 60 }),
        (early, late) => {
          let state = queueUp(early);
          const waitingFor = new Map<string, Map<string, number>>();
          for (const organisationId of state.rotation) waitingFor.set(organisationId, new Map());
          for (const one of late) {
            const { admitted, state: next } = admit(state, { ...wide, sessions: state.running.size + 1 });
            for (const { organisationId } of admitted) {
              waitingFor.delete(organisationId);
              for (const served of waitingFor.values()) {
                const times = (served.get(organisationId) ?? 0) + 1;
                expect(times).toBe(1);
                served.set(organisationId, times);
              }
            }
            state = join(next, one, wide) ?? next;
          }
        },
      ),
    );
  });

  test('the line told is the order in which people go', () => {
    fc.assert(
      fc.property(fc.array(anyApplicant, { maxLength: 40 }), (applicants) => {
        const state = queueUp(applicants);
        expect(admit(state, none).admitted).toEqual([]);
        expect(names(admit(state, wide).admitted)).toEqual(names(lineOf(state)));
      }),
    );
  });
});
