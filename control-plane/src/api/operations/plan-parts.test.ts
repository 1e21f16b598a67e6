import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { AccessPlan, EMPTY_PLAN, type Group } from '../../../contract/operations/access.ts';
import { WEEKDAYS } from '../../../contract/operations/values.ts';
import { canonical, differencesOf, mergeChange, partsOf, planOf } from './plan-parts.ts';
import { wordsOf } from './plan-words.ts';

const macs = Array.from({ length: 6 }, (_, at) => `aa:bb:cc:dd:ee:0${at}`);
const some = fc.subarray(macs);
const rate = fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: null });
const rates = fc.record({ downMbps: rate, upMbps: rate });
const windows = fc.array(
  fc.record({
    days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
    from: fc.constantFrom('21:00', '06:30'),
    to: fc.constantFrom('07:00', '23:59'),
  }),
  { maxLength: 2 },
);
const settings = fc.record({ devices: some, limited: rates, full: rates });
/** Plans as the contract means them: each device is in one group at most, each blocked once. */
const plans: fc.Arbitrary<AccessPlan> = fc
  .record({
    blocked: some,
    windows,
    activeMode: fc.constantFrom('whitelist' as const, 'blacklist' as const, null),
    whitelist: settings,
    blacklist: settings,
    policies: fc.array(fc.record({ block: fc.boolean(), limit: fc.option(rates, { nil: null }), windows }), {
      minLength: 1,
      maxLength: 3,
    }),
    known: fc.option(some, { nil: null }),
    groupOf: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
  })
  .map(({ blocked, policies, groupOf, windows: when, ...rest }) => ({
    ...rest,
    blocks: blocked.map((mac) => ({ mac, windows: when })),
    groups: policies.map((policy, id): Group => ({
      id,
      name: id === 0 ? 'Guest' : `Group ${id}`,
      policy,
      members: macs.filter((_, at) => groupOf[at] === id),
    })),
  }));

describe('the parts of a plan', () => {
  test('a plan comes back from its parts, as the contract takes it', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const back = planOf(partsOf(plan));
        expect(AccessPlan.parse(back)).toEqual(back);
        expect(differencesOf(plan, back)).toEqual([]);
        expect(canonical(back.groups)).toBe(canonical(plan.groups));
      }),
    );
  });

  test('a change of the router comes into a plan that has drifted, and the drift stays', () => {
    fc.assert(
      fc.property(plans, plans, plans, (ours, before, after) => {
        const changed = new Set(differencesOf(before, after).map(({ key }) => key));
        const merged = mergeChange(ours, before, after);
        // A member whose group is not there any more is in none.
        const exists = (key: string, plan: AccessPlan) => {
          const part = partsOf(plan).get(key);
          return part?.is !== 'member' || plan.groups.some(({ id }) => id === part.group);
        };
        for (const { key } of differencesOf(merged, after)) {
          if (exists(key, merged) && partsOf(merged).has(key)) expect([key, changed.has(key)]).toEqual([key, false]);
        }
        expect(differencesOf(mergeChange(before, before, after), after)).toEqual([]);
      }),
    );
  });

  test('no plan is without Guest', () => {
    expect(planOf(new Map())).toEqual(EMPTY_PLAN);
    expect(planOf(partsOf({ ...EMPTY_PLAN, groups: [] })).groups).toEqual(EMPTY_PLAN.groups);
  });

  test('differences are told in words, each side as it is', () => {
    const plan: AccessPlan = {
      ...EMPTY_PLAN,
      blocks: [{ mac: 'aa:bb:cc:dd:ee:01', windows: [{ days: ['mon', 'tue'], from: '21:00', to: '07:00' }] }],
      activeMode: 'whitelist',
    };
    expect(differencesOf(plan, EMPTY_PLAN).map(wordsOf)).toEqual([
      { what: 'Active mode', ours: 'whitelist', routers: 'none' },
      { what: 'Block of aa:bb:cc:dd:ee:01', ours: 'mon tue 21:00-07:00', routers: 'none' },
    ]);
    for (const difference of fc.sample(plans, 20).flatMap((each) => differencesOf(each, EMPTY_PLAN))) {
      const words = wordsOf(difference);
      expect(words.what).not.toBe('');
      expect(words.ours).not.toBe(words.routers);
    }
  });
});
