import type { UsageCounter, UsageSnapshot } from '@netpilot/control-plane/contract/operations/usage.ts';
import type { Driver } from '../driver.ts';
import { needsPackage, OperationFailure } from '../problem.ts';
import { quoted, type Sections } from '../sections.ts';
import { LOADER_FILES } from './access/load-script.ts';
import { applyChange } from './change.ts';
import { parseLeases } from './devices/leases.ts';
import { parseArp, parseNeighbours } from './devices/neighbours.ts';
import { FIND_NFTABLES, isOffloading, offloadingOf, withInclude } from './firewall.ts';
import {
  addressOf,
  countOf,
  fieldsOf,
  instantOf,
  jsonOf,
  linesOf,
  listOf,
  macOf,
  nameOf,
  sumOf,
  uptimeOf,
} from './text.ts';

/**
 * Our own counters: bytes that were let through, after every policer. What devices send is counted by hardware address; what they receive by address,
 * as a packet on its way in has no hardware address yet, and given to whoever has the address when they are read. Loading twice loses nothing.
 */
export const USAGE_RULES = `table inet netpilot_usage {
	set wan {
		type ifname
	}
	set up {
		type ether_addr
		size 4096
		flags dynamic
	}
	set down4 {
		type ipv4_addr
		size 8192
		flags dynamic
	}
	set down6 {
		type ipv6_addr
		size 8192
		flags dynamic
	}
	chain forward {
		type filter hook forward priority 10; policy accept;
	}
}
flush chain inet netpilot_usage forward
flush set inet netpilot_usage wan
table inet netpilot_usage {
	chain forward {
		oifname @wan update @up { ether saddr counter }
		iifname @wan update @down4 { ip daddr counter }
		iifname @wan update @down6 { ip6 daddr counter }
	}
}
`;

const USAGE_PARTS = {
  now: 'date -u +%s',
  uptime: 'cat /proc/uptime',
  boot: 'cat /proc/sys/kernel/random/boot_id',
  nftables: FIND_NFTABLES,
  periods: 'nlbw -c list 2>/dev/null',
  counters: 'nft -j list table inet netpilot_usage 2>/dev/null',
  neighbours: 'ip neigh show 2>/dev/null',
  arp: 'cat /proc/net/arp 2>/dev/null',
  leases: 'f=$(uci -q get dhcp.@dnsmasq[0].leasefile); cat "${f:-/tmp/dhcp.leases}" 2>/dev/null',
  firewall: 'cat /etc/config/firewall 2>/dev/null',
} as const;

type UsageDriver = Pick<Driver, 'usage.read' | 'usage.periods' | 'usage.start'>;

/** How much each device moved. */
export const usageOperations: UsageDriver = {
  'usage.read': async ({ period }, { router }) => {
    const which = period === undefined ? '' : ` -t ${quoted(period)}`;
    const said = await router.gather({ ...USAGE_PARTS, nlbwmon: `nlbw -c json -g mac${which} 2>/dev/null` });
    if (period !== undefined && !parsePeriods(said.get('periods')).includes(period))
      throw new OperationFailure({ code: 'not_found', detail: 'nlbwmon keeps no such period.' });
    return usageOf(said, period);
  },
  'usage.periods': async (_input, { router }) => ({
    periods: parsePeriods((await router.gather({ periods: USAGE_PARTS.periods })).get('periods')),
  }),
  'usage.start': async (_input, { router }) => {
    const said = await router.gather(USAGE_PARTS);
    const snapshot = usageOf(said, undefined);
    if (snapshot.source !== 'none') return { outcome: 'unchanged', warnings: [] };
    if (said.get('nftables').trim() !== 'nft')
      throw needsPackage('This router cannot count by itself: it needs the package nlbwmon.', ['nlbwmon']);
    const firewall = said.get('firewall');
    if (firewall === '')
      throw new OperationFailure({ code: 'unsupported', detail: 'This router has no firewall of OpenWrt.' });
    const included = withInclude(firewall);
    await applyChange(router, {
      files: [
        { path: '/etc/netpilot/usage.nft', content: USAGE_RULES },
        ...LOADER_FILES,
        ...(included === firewall ? [] : [{ path: '/etc/config/firewall', content: included, before: firewall }]),
      ],
      reload: included === firewall ? ['load'] : ['firewall', 'load'],
    });
    const warnings = snapshot.offloading
      ? ['Flow offloading is on: connections that are offloaded are not counted.']
      : [];
    return { outcome: 'confirmed', warnings };
  },
};

/** Pure. @param asked a past period of nlbwmon; the running one when undefined. */
export function usageOf(said: Pick<Sections, 'get' | 'lines'>, asked: string | undefined): UsageSnapshot {
  const nlbwmon = parseNlbwmon(said.get('nlbwmon'));
  const counting = fieldsOf(jsonOf(said.get('counters'))).nftables !== undefined;
  const source = nlbwmon !== null ? 'nlbwmon' : counting ? 'counters' : 'none';
  const period =
    source === 'nlbwmon' ? (asked ?? parsePeriods(said.get('periods'))[0] ?? null) : nameOf(said.get('boot'));
  return {
    source,
    period: source === 'none' ? null : period,
    uptimeSeconds: uptimeOf(said.get('uptime')) ?? 0,
    at: instantOf(countOf(said.get('now').trim())) ?? new Date(0).toISOString(),
    counters: (nlbwmon ?? parseCounters(said)).slice(0, 4_096),
    installable: nlbwmon === null ? ['nlbwmon'] : [],
    offloading: isOffloading(offloadingOf(said.get('firewall'))),
  };
}

/** Reads `nlbw -c list`: first days of periods, newest first. */
export function parsePeriods(text: string): string[] {
  const days = linesOf(text).filter((line) => /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)$/u.test(line));
  return [...new Set(days)].sort().toReversed().slice(0, 400);
}

/** Reads `nlbw -c json`, whatever its columns and order; null when it is not that program's answer. */
export function parseNlbwmon(text: string): UsageCounter[] | null {
  const answer = fieldsOf(jsonOf(text));
  if (!Array.isArray(answer.columns) || !Array.isArray(answer.data)) return null;
  const at = (name: string) => listOf(answer.columns, 64).indexOf(name);
  const [mac, rx, tx, connections] = [at('mac'), at('rx_bytes'), at('tx_bytes'), at('conns')];
  const counters = new Map<string, UsageCounter>();
  for (const row of listOf(answer.data, 100_000)) {
    const fields = listOf(row, 64);
    const owner = macOf(nameOf(fields[mac]) ?? undefined);
    if (owner === null) continue;
    const before = counters.get(owner);
    counters.set(owner, {
      mac: owner,
      downBytes: sumOf(before?.downBytes, countOf(fields[rx])),
      upBytes: sumOf(before?.upBytes, countOf(fields[tx])),
      connections: sumOf(before?.connections, countOf(fields[connections])),
    });
  }
  return [...counters.values()];
}

/** Reads our own counters; an address that nobody is known by is nobody's. */
function parseCounters(said: Pick<Sections, 'get'>): UsageCounter[] {
  const owners = new Map<string, string>();
  for (const { address, mac } of parseLeases(said.get('leases'))) owners.set(address, mac);
  for (const { address, mac } of parseArp(said.get('arp'))) owners.set(address, mac);
  for (const { address, mac } of parseNeighbours(said.get('neighbours'))) owners.set(address, mac);
  const counters = new Map<string, UsageCounter>();
  const add = (mac: string | null | undefined, downBytes: number, upBytes: number) => {
    if (!mac) return;
    const before = counters.get(mac) ?? { mac, downBytes: 0, upBytes: 0, connections: null };
    counters.set(mac, {
      ...before,
      downBytes: sumOf(before.downBytes, downBytes),
      upBytes: sumOf(before.upBytes, upBytes),
    });
  };
  for (const entry of listOf(fieldsOf(jsonOf(said.get('counters'))).nftables)) {
    const set = fieldsOf(fieldsOf(entry).set);
    for (const element of listOf(set.elem)) {
      const { val, counter } = fieldsOf(fieldsOf(element).elem);
      const key = nameOf(val) ?? undefined;
      const bytes = countOf(fieldsOf(counter).bytes) ?? 0;
      if (set.name === 'up') add(macOf(key), 0, bytes);
      if (set.name === 'down4' || set.name === 'down6') add(owners.get(addressOf(key) ?? ''), bytes, 0);
    }
  }
  return [...counters.values()];
}
