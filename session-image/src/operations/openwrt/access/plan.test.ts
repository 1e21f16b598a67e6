import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { AccessEffect, AccessPlan, EMPTY_PLAN } from '@netpilot/control-plane/contract/operations/access.ts';
import { WEEKDAYS, type Weekday } from '@netpilot/control-plane/contract/operations/values.ts';
import { fixture, HOSTILE, said } from '../fixtures/fixture.ts';
import { effectOf } from './effect.ts';
import { parseKernelState } from './kernel-state.ts';
import { parsePlan, planText } from './plan-text.ts';
import { compilePlan, type PolicyClass } from './policies.ts';
import { deviceLines, limiterChains, policyRules, queueLines } from './ruleset.ts';
import { ACCESS_PARTS, situationOf } from './state.ts';

const A = '02:aa:bb:cc:dd:01';
const B = '02:aa:bb:cc:dd:02';
const C = '02:aa:bb:cc:dd:03';
const D = '02:aa:bb:cc:dd:04';
const BEDTIME = { days: ['mon' as const], from: '21:00', to: '06:30' };
const rates = (downMbps: number | null, upMbps: number | null) => ({ downMbps, upMbps });
const group = (id: number, members: string[], policy: Partial<AccessPlan['groups'][number]['policy']>) => ({
  id,
  name: `Group ${id}`,
  members,
  policy: { block: false, limit: null, windows: [], ...policy },
});

function rulesFor(plan: Partial<AccessPlan>, mac: string): string[] {
  const compiled = compilePlan({ ...EMPTY_PLAN, ...plan });
  const found: PolicyClass | null | undefined = compiled.devices.has(mac) ? compiled.devices.get(mac) : compiled.rest;
  return (found?.rules ?? []).map((rule) =>
    rule.type === 'block' ? `block ${rule.windows.length}` : `${rule.limiter.name} ${rule.windows.length}`,
  );
}

describe('what holds for a device', () => {
  const whitelist = { devices: [A], limited: rates(5, 1), full: rates(null, 50) };
  const blacklist = { devices: [A], limited: rates(5, 1), full: rates(null, null) };

  test('whitelist limits all but the listed, blacklist only the listed', () => {
    expect(rulesFor({ activeMode: 'whitelist', whitelist }, A)).toEqual(['whitelist: full 0']);
    expect(rulesFor({ activeMode: 'whitelist', whitelist }, B)).toEqual(['whitelist: limited 0']);
    expect(rulesFor({ activeMode: 'blacklist', blacklist }, A)).toEqual(['blacklist: limited 0']);
    expect(rulesFor({ activeMode: 'blacklist', blacklist }, B)).toEqual([]);
    expect(rulesFor({ activeMode: null, whitelist, blacklist }, A)).toEqual([]);
  });

  test('its own block comes first, then its group, then the mode; outside its times the next one holds', () => {
    const plan = {
      activeMode: 'blacklist' as const,
      blacklist,
      blocks: [{ mac: A, windows: [BEDTIME] }],
      groups: [group(0, [], {}), group(1, [A], { limit: rates(2, null), windows: [BEDTIME] })],
    };
    expect(rulesFor(plan, A)).toEqual(['block 1', 'group 1: Group 1 1', 'blacklist: limited 0']);
  });

  test('strangers have what guests have once the known ones are told, from nobody else', () => {
    const groups = [group(0, [C], { block: true }), group(1, [D], {})];
    expect(rulesFor({ groups, known: [A] }, B)).toEqual(['block 0']);
    expect(rulesFor({ groups, known: [A] }, C)).toEqual(['block 0']);
    expect(rulesFor({ groups, known: [A] }, A)).toEqual([]);
    expect(rulesFor({ groups, known: [A] }, D)).toEqual([]);
    expect(rulesFor({ groups, known: null }, B)).toEqual([]);
  });

  test('devices with the same rules share a class, members of a group one bucket', () => {
    const compiled = compilePlan({ ...EMPTY_PLAN, groups: [group(1, [A, B], { limit: rates(2, 1) })] });
    expect(compiled.classes).toHaveLength(1);
    expect(compiled.limiters).toHaveLength(1);
  });

  test('nothing wanted is nothing in force', () => {
    expect(compilePlan(EMPTY_PLAN).active).toBe(false);
  });
});

const mac = fc
  .array(fc.nat(255), { minLength: 5, maxLength: 5 })
  .map((bytes) => ['02', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':'));
const macs = fc.uniqueArray(mac, { maxLength: 6 });
const time = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
const windows = fc.array(
  fc.record({ days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }), from: time, to: time }),
  { maxLength: 3 },
);
const mbps = fc.option(fc.integer({ min: 1, max: 1_000_000 }).map((value) => value / 100));
const anyRates = fc.record({ downMbps: mbps, upMbps: mbps });
const settings = fc.record({ devices: macs, limited: anyRates, full: anyRates });
const name = fc.oneof(
  fc.constantFrom('Kids', "it's", 'a"b', '$(reboot)', 'grün'),
  fc.stringMatching(/^\S[ -~]{0,20}\S$/u),
);
const anyPlan: fc.Arbitrary<AccessPlan> = fc
  .record({
    blocks: fc.uniqueArray(fc.record({ mac, windows }), { maxLength: 5, selector: (block) => block.mac }),
    activeMode: fc.constantFrom('whitelist' as const, 'blacklist' as const, null),
    whitelist: settings,
    blacklist: settings,
    groups: fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 1, max: 99 }),
        name,
        members: macs,
        policy: fc.record({ block: fc.boolean(), limit: fc.option(anyRates), windows }),
      }),
      { maxLength: 4, selector: ({ id }) => id },
    ),
    known: fc.option(macs),
  })
  .map((plan) => AccessPlan.parse({ ...plan, groups: [...EMPTY_PLAN.groups, ...plan.groups] }));

describe('a plan on the router', () => {
  test('is read back as it was written, in whatever order it was made', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const text = planText({ plan, former: null });
        const read = parsePlan(text);
        expect(planText(read)).toBe(planText(parsePlan(planText(read))));
        expect(read.plan.activeMode).toBe(plan.activeMode);
        expect(new Map(read.plan.blocks.map((one) => [one.mac, one.windows]))).toEqual(
          new Map(plan.blocks.map((one) => [one.mac, one.windows])),
        );
        expect(read.plan.whitelist.limited).toEqual(plan.whitelist.limited);
        expect(read.plan.groups.find(({ id }) => id !== 0)?.policy).toEqual(
          plan.groups.filter(({ id }) => id !== 0).sort((a, b) => a.id - b.id)[0]?.policy,
        );
      }),
    );
  });

  test('keeps what was switched off for it', () => {
    const former = { flowOffloading: '1', flowOffloadingHardware: null };
    expect(parsePlan(planText({ plan: EMPTY_PLAN, former })).former).toEqual(former);
  });

  test('whose times somebody damaged does not hold always', () => {
    const damaged = fixture('plan').replace('21:00-06:30', '25:00-06:30');
    expect(parsePlan(damaged).plan.blocks).toEqual([{ mac: A, windows: [] }]);
  });

  test('that somebody damaged is a plan still', () => {
    const line = fc.oneof(fc.constantFrom(...fixture('plan').split('\n'), ...HOSTILE), fc.string({ unit: 'binary' }));
    fc.assert(fc.property(fc.array(line), (lines) => void AccessPlan.parse(parsePlan(lines.join('\n')).plan)));
  });
});

test('the rules hold nothing but what we write: words of nft, hardware addresses, numbers', () => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      const compiled = compilePlan(plan);
      const text = policyRules(compiled) + limiterChains(compiled, 'htb') + limiterChains(compiled, 'policer');
      expect(text).toMatch(/^[A-Za-z0-9_@:;{}|=",./\-\s]*$/u);
      expect(text.split('{').length).toBe(text.split('}').length);
      expect(queueLines(compiled) + deviceLines(compiled)).toMatch(/^[0-9a-f: \-\n]*$/u);
    }),
  );
});

describe('what the kernel has', () => {
  const compiled = compilePlan(parsePlan(fixture('plan')).plan);
  const moment: { day: Weekday; seconds: number } = { day: 'mon', seconds: 22 * 3_600 };
  const effect = (nft: string, tc = '', at = moment) =>
    AccessEffect.parse(effectOf(compiled, { kernel: parseKernelState(nft, tc), flowOffloading: 'off', moment: at }));

  test.each([
    ['policers', 'policer', 'kernel-policer', ''],
    ['queues', 'htb', 'kernel-htb', fixture('queues')],
  ])('is read back from %s', (_what, engine, file, tc) => {
    const found = effect(fixture(file), tc);
    expect(found).toMatchObject({ loaded: true, differences: [], engine, blockedNow: [A, B] });
    expect(found.classes).toEqual([
      { name: 'group 1: Kids', downMbps: 5, upMbps: null, devices: 1 },
      { name: 'blacklist: limited', downMbps: 20, upMbps: 2.5, devices: 1 },
    ]);
  });

  test('a block with times is told of within them only', () => {
    expect(effect(fixture('kernel-policer'), '', { day: 'tue', seconds: 6 * 3_600 }).blockedNow).toEqual([A, B]);
    expect(effect(fixture('kernel-policer'), '', { day: 'tue', seconds: 22 * 3_600 }).blockedNow).toEqual([A]);
  });

  test.each([
    ['a device that was taken out', A, '02:aa:bb:cc:dd:0f', 'The rules of 02:aa:bb:cc:dd:01 are not loaded.'],
    ['another rate', '"rate": 2500000', '"rate": 9500000', 'blacklist: limited (down): 20 Mbit/s wanted, 76 set.'],
    ['a rule that does not block', '{"drop": null}', '{"accept": null}', 'Policy 1 (down) was changed.'],
    ['rules that nobody comes to', '"target": "up"', '"target": "refuse"', 'The rules are not reached.'],
  ])('%s is a difference', (_what, part, other, difference) => {
    const nft = fixture('kernel-policer');
    expect(nft).toContain(part);
    const found = effect(nft.replaceAll(part, other));
    expect(found.loaded).toBe(false);
    expect(found.differences.join(' ')).toContain(difference);
  });

  test('queues that are gone, and no rules at all, are differences', () => {
    expect(effect(fixture('kernel-htb'), '').differences.join(' ')).toContain('20 Mbit/s wanted, none set');
    expect(effect('').differences).toEqual(['No rule of the plan is loaded.']);
    const none = effectOf(compilePlan(EMPTY_PLAN), {
      kernel: parseKernelState(fixture('kernel-htb'), ''),
      flowOffloading: 'off',
      moment,
    });
    expect(none.loaded).toBe(false);
  });

  test('whatever nft, tc and the files say, the state fits the contract', () => {
    const file = fc.constantFrom(fixture('kernel-htb'), fixture('queues'), fixture('plan'), ...HOSTILE);
    const text = fc.oneof(
      file,
      fc.tuple(file, fc.nat(9_000)).map(([whole, at]) => whole.slice(0, at)),
      fc.json().map((json) => `{"nftables": ${json}}`),
    );
    const sections = fc.record(Object.fromEntries(Object.keys(ACCESS_PARTS).map((part) => [part, text])));
    fc.assert(
      fc.property(sections, (texts) => {
        const { effect: found } = situationOf(
          said({ ...texts, present: '/etc/config/netpilot', nftables: 'nft' }),
        ).state;
        AccessEffect.parse(found);
      }),
    );
  });
});
