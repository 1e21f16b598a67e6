import {
  AccessPlan,
  EMPTY_PLAN,
  GUEST_GROUP,
  type Group,
  type ModeSettings,
} from '@netpilot/control-plane/contract/operations/access.ts';
import {
  type Rates,
  type TimeWindow,
  TimeWindow as TimeWindowSchema,
} from '@netpilot/control-plane/contract/operations/values.ts';
import { macOf, nameOf } from '../text.ts';
import { parseUci, type UciSection, uciSection } from '../uci-text.ts';

/** What was so before we switched it off for our policies. */
export interface Former {
  readonly flowOffloading: string | null;
  readonly flowOffloadingHardware: string | null;
}

export interface StoredPlan {
  readonly plan: AccessPlan;
  /** Null while nothing is switched off. */
  readonly former: Former | null;
}

/** Writes `/etc/config/netpilot`: the same plan always gives the same text. */
export function planText({ plan, former }: StoredPlan): string {
  const sections = [
    uciSection('main', 'main', {
      active_mode: plan.activeMode,
      known_devices: plan.known === null ? '0' : '1',
      known: plan.known === null ? [] : sorted(plan.known),
      switched_off: former === null ? '0' : '1',
      flow_offloading: former?.flowOffloading ?? null,
      flow_offloading_hw: former?.flowOffloadingHardware ?? null,
    }),
    modeSection('whitelist', plan.whitelist),
    modeSection('blacklist', plan.blacklist),
    ...[...plan.groups]
      .sort((a, b) => a.id - b.id)
      .map((group) =>
        uciSection('group', `group_${group.id}`, {
          name: group.name,
          block: group.policy.block ? '1' : '0',
          limit: group.policy.limit === null ? '0' : '1',
          ...rateOptions('limit', group.policy.limit ?? { downMbps: null, upMbps: null }),
          window: group.policy.windows.map(windowText),
          member: sorted(group.members),
        }),
      ),
    ...[...plan.blocks]
      .sort((a, b) => (a.mac < b.mac ? -1 : 1))
      .map(({ mac, windows }) =>
        uciSection('block', `block_${mac.replaceAll(':', '')}`, { mac, window: windows.map(windowText) }),
      ),
  ];
  return sections.join('\n');
}

/** Reads it back; a value that makes no sense, from whoever edited the file, is left out or at its default. */
export function parsePlan(text: string): StoredPlan {
  const sections = parseUci(text);
  const main = sections.find(({ type }) => type === 'main');
  const mode = main?.options.get('active_mode');
  const groups = sections.flatMap((section) => groupOf(section));
  const blocks = new Map(
    sections.flatMap((section) => {
      const mac = section.type === 'block' ? macOf(section.options.get('mac')) : null;
      const windows = windowsOf(section);
      return mac === null || windows === null ? [] : [[mac, { mac, windows }] as const];
    }),
  );
  const taken = new Set<string>();
  const plan: AccessPlan = {
    blocks: [...blocks.values()].slice(0, 1_024),
    activeMode: mode === 'whitelist' || mode === 'blacklist' ? mode : null,
    whitelist: modeOf(sections, 'whitelist'),
    blacklist: modeOf(sections, 'blacklist'),
    groups: withGuest(groups).map((group) => ({
      ...group,
      members: group.members.filter((mac) => !taken.has(mac) && taken.add(mac)),
    })),
    known: main?.options.get('known_devices') === '1' ? macsOf(main, 'known', 4_096) : null,
  };
  const former =
    main?.options.get('switched_off') === '1'
      ? {
          flowOffloading: main.options.get('flow_offloading') ?? null,
          flowOffloadingHardware: main.options.get('flow_offloading_hw') ?? null,
        }
      : null;
  return { plan: AccessPlan.parse(plan), former };
}

const GUEST = { id: GUEST_GROUP, name: 'Guest', policy: { block: false, limit: null, windows: [] }, members: [] };

function withGuest(groups: readonly Group[]): Group[] {
  const byId = new Map(groups.map((group) => [group.id, group]));
  const guest = byId.get(GUEST_GROUP) ?? GUEST;
  byId.delete(GUEST_GROUP);
  return [guest, ...[...byId.values()].sort((a, b) => a.id - b.id)].slice(0, 100);
}

function groupOf(section: UciSection): Group[] {
  const id = /^group_(\d{1,2})$/u.exec(section.name ?? '')?.[1];
  if (section.type !== 'group' || id === undefined) return [];
  const { options } = section;
  const windows = windowsOf(section);
  return [
    {
      id: Number(id),
      name: (nameOf(options.get('name')) ?? `Group ${id}`).slice(0, 80).trim(),
      policy: {
        block: options.get('block') === '1' && windows !== null,
        limit: options.get('limit') === '1' && windows !== null ? ratesOf(section, 'limit') : null,
        windows: windows ?? [],
      },
      members: macsOf(section, 'member', 1_024),
    },
  ];
}

function modeSection(name: 'whitelist' | 'blacklist', { devices, limited, full }: ModeSettings): string {
  return uciSection('mode', name, {
    ...rateOptions('limited', limited),
    ...rateOptions('full', full),
    device: sorted(devices),
  });
}

function modeOf(sections: readonly UciSection[], name: 'whitelist' | 'blacklist'): ModeSettings {
  const section = sections.find((one) => one.type === 'mode' && one.name === name);
  if (section === undefined) return EMPTY_PLAN[name];
  return {
    devices: macsOf(section, 'device', 1_024),
    limited: ratesOf(section, 'limited'),
    full: ratesOf(section, 'full'),
  };
}

const rateOptions = (prefix: string, { downMbps, upMbps }: Rates) => ({
  [`${prefix}_down`]: downMbps === null ? null : String(downMbps),
  [`${prefix}_up`]: upMbps === null ? null : String(upMbps),
});

function ratesOf({ options }: UciSection, prefix: string): Rates {
  const rate = (key: string) => {
    const value = Number(options.get(key) ?? Number.NaN);
    return value >= 0.01 && value <= 10_000 ? value : null;
  };
  return { downMbps: rate(`${prefix}_down`), upMbps: rate(`${prefix}_up`) };
}

const windowText = ({ days, from, to }: TimeWindow) => `${days.join(',')} ${from}-${to}`;

/** Null when windows are listed and none of them makes sense: what was meant for some hours must not hold always. */
function windowsOf(section: UciSection): TimeWindow[] | null {
  const listed = (section.lists.get('window') ?? []).slice(0, 16);
  const windows = listed.flatMap((text) => {
    const [days = '', times = ''] = text.split(' ');
    const [from, to] = times.split('-');
    const window = TimeWindowSchema.safeParse({ days: [...new Set(days.split(','))], from, to });
    return window.success ? [window.data] : [];
  });
  return listed.length > 0 && windows.length === 0 ? null : windows;
}

function macsOf(section: UciSection, list: string, limit: number): string[] {
  const macs = (section.lists.get(list) ?? []).map(macOf).filter((mac) => mac !== null);
  return [...new Set(macs)].slice(0, limit);
}

function sorted(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}
