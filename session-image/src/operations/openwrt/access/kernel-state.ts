import { countOf, fieldsOf, jsonOf, linesOf, listOf, macOf, nameOf } from '../text.ts';

/** What the kernel has of ours, as `nft` and `tc` tell it. */
export interface KernelState {
  readonly loaded: boolean;
  /** Hardware address to the chain that its packets go to. */
  readonly devices: ReadonlyMap<string, string>;
  /** Network devices that count as the way to the Internet. */
  readonly wan: readonly string[];
  /** Chain to the verdicts of its rules in order, e.g. `goto refuse`, `drop`; empty for a rule that only marks. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Chain to the rate that its policer drops over, in Mbit/s. */
  readonly policers: ReadonlyMap<string, number>;
  /** Chains that choose a queue. */
  readonly queued: ReadonlySet<string>;
  /** Network device, then class of its queue, to a rate in Mbit/s. */
  readonly queues: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** @param nft what `nft -j list table inet netpilot` printed. @param tc `dev NAME` lines, each before its `tc class show`. */
export function parseKernelState(nft: string, tc: string): KernelState {
  const devices = new Map<string, string>();
  const chains = new Map<string, string[]>();
  const policers = new Map<string, number>();
  const queued = new Set<string>();
  let wan: string[] = [];
  const entries = listOf(fieldsOf(jsonOf(nft)).nftables).map(fieldsOf);
  for (const entry of entries) {
    const chain = nameOf(fieldsOf(entry.chain).name);
    if (chain !== null) chains.set(chain, []);
    const set = fieldsOf(entry.set);
    if (set.name === 'wan')
      wan = listOf(set.elem, 64)
        .map(nameOf)
        .filter((name) => name !== null);
    const map = fieldsOf(entry.map);
    if (map.name !== 'members') continue;
    for (const element of listOf(map.elem)) {
      const [macText, verdict] = listOf(element);
      const mac = macOf(nameOf(macText) ?? undefined);
      if (mac !== null) devices.set(mac, verdictOf(verdict));
    }
  }
  for (const { rule } of entries) {
    const { chain, expr } = fieldsOf(rule);
    const name = nameOf(chain);
    if (name === null) continue;
    const statements = listOf(expr, 64);
    chains.set(name, [...(chains.get(name) ?? []), statements.map(verdictOf).find((verdict) => verdict !== '') ?? '']);
    for (const statement of statements.map(fieldsOf)) {
      const rate = rateOf(fieldsOf(statement.limit));
      if (rate !== null) policers.set(name, rate);
      if (fieldsOf(fieldsOf(fieldsOf(statement.mangle).key).meta).key === 'priority') queued.add(name);
    }
  }
  return { loaded: chains.size > 0, devices, wan, chains, policers, queued, queues: parseQueues(tc) };
}

function verdictOf(statement: unknown): string {
  const fields = fieldsOf(statement);
  for (const kind of ['goto', 'jump'] as const) {
    const target = nameOf(fieldsOf(fields[kind]).target);
    if (target !== null) return `${kind} ${target}`;
  }
  return 'drop' in fields ? 'drop' : 'reject' in fields ? 'reject' : '';
}

const BYTE_UNITS: Readonly<Record<string, number>> = { bytes: 1, kbytes: 1_024, mbytes: 1_048_576 };

function rateOf({ rate, per, rate_unit: unit }: Readonly<Record<string, unknown>>): number | null {
  const bytes = BYTE_UNITS[typeof unit === 'string' ? unit : ''];
  const count = countOf(rate);
  return bytes === undefined || count === null || per !== 'second' ? null : (count * bytes * 8) / 1_000_000;
}

const BIT_UNITS: Readonly<Record<string, number>> = { bit: 1, Kbit: 1_000, Mbit: 1_000_000, Gbit: 1_000_000_000 };

function parseQueues(text: string): Map<string, Map<number, number>> {
  const queues = new Map<string, Map<number, number>>();
  let current: Map<number, number> | null = null;
  for (const line of linesOf(text)) {
    const device = /^dev (\S{1,15})$/u.exec(line)?.[1];
    if (device !== undefined) queues.set(device, (current = new Map<number, number>()));
    const [, index = '', rate, unit = ''] =
      /^class htb 4e50:([0-9a-f]{1,4}) .*\brate (\d+(?:\.\d+)?)(bit|Kbit|Mbit|Gbit)\b/u.exec(line) ?? [];
    const factor = BIT_UNITS[unit];
    if (factor !== undefined) current?.set(Number.parseInt(index, 16), (Number(rate) * factor) / 1_000_000);
  }
  return queues;
}
