import { type AccessChange, type AccessPlan, type Group } from '@netpilot/control-plane/contract/operations/access.ts';
import type { Driver, OperationContext } from '../../driver.ts';
import { needsPackage, OperationFailure, routerSaid } from '../../problem.ts';
import { applyChange, type FileChange } from '../change.ts';
import { isOffloading, offloadingOf, withInclude, withOffloading } from '../firewall.ts';
import { CRONTAB, withClockWatch, withoutClockWatch } from './clock-watch.ts';
import { LOADER_FILES } from './load-script.ts';
import { type Former, planText, type StoredPlan } from './plan-text.ts';
import { type CompiledPlan } from './policies.ts';
import { deviceLines, limiterChains, policyRules, queueLines } from './ruleset.ts';
import { type AccessSituation, compiledOrRefused, readSituation } from './state.ts';

interface Asker {
  readonly devices: readonly string[];
  readonly confirmed: boolean;
}

const FIREWALL = ['firewall'] as const;
const CRON = ['cron'] as const;
const NOBODY: Asker = { devices: [], confirmed: false };

type AccessDriver = Pick<Driver, Extract<keyof Driver, `access.${string}`>>;

/** Blocks, modes and groups: each a change of the one plan. */
export const accessOperations: AccessDriver = {
  'access.read': async (_input, { router }) => (await readSituation(router)).state,
  'access.block': ({ mac, windows, asker }, context) =>
    changePlan(context, asker, (plan) => ({
      ...plan,
      blocks: [...plan.blocks.filter((block) => block.mac !== mac), { mac, windows }],
    })),
  'access.unblock': ({ mac }, context) =>
    changePlan(context, NOBODY, (plan) => ({ ...plan, blocks: plan.blocks.filter((block) => block.mac !== mac) })),
  'access.list': ({ mode, add, remove }, context) =>
    changePlan(context, NOBODY, (plan) => ({
      ...plan,
      [mode]: { ...plan[mode], devices: listWith(plan[mode].devices, add, remove) },
    })),
  'access.rates': ({ mode, limited, full }, context) =>
    changePlan(context, NOBODY, (plan) => ({ ...plan, [mode]: { ...plan[mode], limited, full } })),
  'access.mode': ({ mode }, context) => changePlan(context, NOBODY, (plan) => ({ ...plan, activeMode: mode })),
  'access.group': ({ group, asker }, context) =>
    changePlan(context, asker, (plan) => ({ ...plan, groups: groupsWith(plan.groups, group) })),
  'access.delete_group': ({ id }, context) =>
    changePlan(context, NOBODY, (plan) => ({ ...plan, groups: plan.groups.filter((group) => group.id !== id) })),
  'access.known': ({ known, asker }, context) => changePlan(context, asker, (plan) => ({ ...plan, known })),
  'access.apply': ({ plan, revision, asker }, context) =>
    changePlan(context, asker, (_former, situation) => {
      if (revision !== null && revision !== situation.state.revision)
        throw new OperationFailure({ code: 'conflict', detail: 'The router has another plan by now.' });
      return { ...plan, groups: plan.groups.reduce<Group[]>(groupsWith, []) };
    }),
};

function listWith(list: readonly string[], add: readonly string[], remove: readonly string[]): string[] {
  const result = new Set(list);
  for (const mac of remove) result.delete(mac);
  for (const mac of add) result.add(mac);
  if (result.size > 1_024)
    throw new OperationFailure({ code: 'invalid_value', detail: 'A list holds at most 1,024 devices.', field: 'add' });
  return [...result];
}

/** The groups with `group` in its place and its members in no other. */
function groupsWith(groups: readonly Group[], group: Group): Group[] {
  const members = new Set(group.members);
  const others = groups
    .filter(({ id }) => id !== group.id)
    .map((other) => ({ ...other, members: other.members.filter((mac) => !members.has(mac)) }));
  return [...others, group];
}

type PlanChange = (plan: AccessPlan, situation: AccessSituation) => AccessPlan;

/** Reads, changes, applies, verifies and confirms: the one way by which a plan changes. */
async function changePlan(context: OperationContext, asker: Asker, changed: PlanChange): Promise<AccessChange> {
  const { router, progress } = context;
  progress('Reading the router');
  const situation = await readSituation(router);
  refuseWithout(situation);
  const plan = changed(situation.state.plan, situation);
  const compiled = compiledOrRefused({ plan });
  protect(situation, compiled, plan, asker);
  const stored = { plan, former: formerOf(situation, compiled) };
  const files = filesOf(situation, stored, compiled);
  const warnings = warningsOf(compiled, situation);
  if (files.length === 0) return { outcome: 'unchanged', warnings, ...situation.state };

  progress('Applying the change');
  const touches = (path: string) => files.some((file) => file.path === path);
  let state = situation.state;
  await applyChange(router, {
    files,
    reload: [...(touches('/etc/config/firewall') ? FIREWALL : []), 'load', ...(touches(CRONTAB) ? CRON : [])],
    verify: async () => {
      progress('Verifying that it holds');
      ({ state } = await readSituation(router));
      if (!state.effect.loaded) throw routerSaid(state.effect.differences.join(' '), null);
    },
  });
  return { outcome: 'confirmed', warnings, ...state };
}

function refuseWithout({ nftables, firewallFile }: AccessSituation): void {
  if (firewallFile === null)
    throw new OperationFailure({ code: 'unsupported', detail: 'This router has no firewall of OpenWrt.' });
  if (!nftables)
    throw needsPackage(
      'Blocks and limits need the package nftables-json, which OpenWrt has had by itself since 22.03.',
      ['nftables-json'],
    );
}

/** Nobody is to be left without a way to the router by a slip: not the router itself, and not the person who asks unless they say so. */
function protect(before: AccessSituation, after: CompiledPlan, plan: AccessPlan, asker: Asker): void {
  const named = [...plan.blocks.map(({ mac }) => mac), ...plan.groups.flatMap(({ members }) => members)];
  const router = named.find((mac) => before.own.has(mac));
  if (router !== undefined)
    throw new OperationFailure({
      code: 'protected_device',
      detail: 'This is the router itself.',
      mac: router,
      reason: 'router',
    });
  const own = asker.devices.find((mac) => blocks(after, mac) && !blocks(before.compiled, mac));
  if (own !== undefined && !asker.confirmed)
    throw new OperationFailure({
      code: 'protected_device',
      detail: 'This is the device that you are using.',
      mac: own,
      reason: 'own',
    });
}

function blocks({ devices, rest }: CompiledPlan, mac: string): boolean {
  const found = devices.has(mac) ? devices.get(mac) : rest;
  return found?.rules.some(({ type }) => type === 'block') ?? false;
}

/** What flow offloading has to be set back to one day; null while it is not ours. */
function formerOf({ stored, firewallFile }: AccessSituation, compiled: CompiledPlan): Former | null {
  if (!compiled.active) return null;
  const present = offloadingOf(firewallFile ?? '');
  return isOffloading(present) ? present : stored.former;
}

/** Only the files that differ: none means that the router is as wanted. */
function filesOf(situation: AccessSituation, stored: StoredPlan, compiled: CompiledPlan): FileChange[] {
  const text = planText(stored);
  const firewall = firewallFor(situation, stored, compiled);
  const crontab = crontabFor(situation, compiled);
  const same =
    text === situation.planFile &&
    firewall === situation.firewallFile &&
    crontab === (situation.crontab ?? '') &&
    situation.state.effect.loaded;
  const nothing = situation.planFile === null && !compiled.active && text === planText(situation.stored);
  if (same || nothing) return [];
  const when = (content: string) => (compiled.active ? content : null);
  return [
    { path: '/etc/config/netpilot', content: text, before: situation.planFile },
    ...(firewall === situation.firewallFile
      ? []
      : [{ path: '/etc/config/firewall', content: firewall, before: situation.firewallFile }]),
    ...(crontab === (situation.crontab ?? '')
      ? []
      : [{ path: CRONTAB, content: crontab === '' ? null : crontab, before: situation.crontab }]),
    ...LOADER_FILES,
    { path: '/etc/netpilot/policy.nft', content: when(policyRules(compiled)) },
    { path: '/etc/netpilot/limits-htb.nft', content: when(limiterChains(compiled, 'htb')) },
    { path: '/etc/netpilot/limits-policer.nft', content: when(limiterChains(compiled, 'policer')) },
    { path: '/etc/netpilot/queues', content: when(queueLines(compiled)) },
    { path: '/etc/netpilot/devices', content: when(deviceLines(compiled)) },
  ];
}

function firewallFor(
  { firewallFile, stored: before }: AccessSituation,
  { former }: StoredPlan,
  plan: CompiledPlan,
): string {
  const text = withInclude(firewallFile ?? '');
  if (plan.active)
    return former === null ? text : withOffloading(text, { flowOffloading: '0', flowOffloadingHardware: '0' });
  return before.former === null ? text : withOffloading(text, before.former);
}

function crontabFor({ crontab }: AccessSituation, { classes }: CompiledPlan): string {
  const timed = classes.some(({ rules }) => rules.some(({ windows }) => windows.length > 0));
  return timed ? withClockWatch(crontab ?? '') : withoutClockWatch(crontab ?? '');
}

function warningsOf(compiled: CompiledPlan, { state }: AccessSituation): string[] {
  const switchesOff = compiled.active && state.effect.flowOffloading === 'on';
  return switchesOff
    ? ['Flow offloading is switched off while devices are blocked or limited: the router works harder.']
    : [];
}
