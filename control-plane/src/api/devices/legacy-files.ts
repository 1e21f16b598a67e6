import { z } from 'zod';
import type { ImportRow, LegacyFile } from '../../../contract/legacy-import.ts';
import { MODES, type Mode } from '../../../contract/operations/access.ts';
import { Mac, Mbps } from '../../../contract/operations/values.ts';
import { printable } from './printable.ts';

/** A device of the earlier system. */
export interface LegacyDevice {
  readonly file: LegacyFile;
  readonly mac: string;
  readonly address: string | null;
  readonly hostname: string | null;
  readonly firstSeenAt: Date | null;
  readonly lastSeenAt: Date | null;
}

/** What the files of the earlier system say, each row once, and the rows that say nothing. */
export interface LegacyData {
  readonly devices: readonly LegacyDevice[];
  readonly listed: readonly { readonly file: LegacyFile; readonly mode: Mode; readonly mac: string }[];
  readonly rates: readonly {
    readonly file: LegacyFile;
    readonly mode: Mode;
    readonly limited: number | null;
    readonly full: number | null;
  }[];
  readonly mode: { readonly file: LegacyFile; readonly mode: Mode | null } | null;
  readonly skipped: readonly ImportRow[];
}

/** Rows read of one file. */
const MAX_ROWS = 4_096;
const MAX_SUBJECT = 120;

const Row = z.looseObject({
  ip: z.string().optional(),
  mac: z.string().optional(),
  hostname: z.string().nullable().optional(),
  first_seen: z.unknown().optional(),
  last_seen: z.unknown().optional(),
});
const Table = z.record(z.string(), z.unknown());
/** TinyDB: a table `devices`, or its default one. */
const Tables = z.looseObject({ devices: Table.optional(), _default: Table.optional() });
const Rates = z.looseObject({ Limit_Rate: z.unknown().optional(), Full_Rate: z.unknown().optional() });
const State = z.looseObject({
  active_mode: z.unknown().optional(),
  rates: Table.optional(),
  devices: z.looseObject({ whitelist: z.unknown().optional(), blacklist: z.unknown().optional() }).optional(),
});
const ModeFile = z.looseObject({ mode: z.unknown().optional() });
const Lists = z.looseObject({ whitelist: z.unknown().optional(), blacklist: z.unknown().optional() });

/**
 * Reads the files of the earlier system. Nothing in them is trusted: a row that cannot be understood is skipped and says why, and passwords
 * are not looked at.
 */
export function readLegacyFiles(files: Partial<Record<LegacyFile, unknown>>): LegacyData {
  const skipped: ImportRow[] = [];
  const skip = (file: LegacyFile, subject: string, detail: string) =>
    skipped.push({ file, subject: printable(subject, MAX_SUBJECT) ?? '(nameless)', outcome: 'skipped', detail });
  /** A file in its shape, or null; a file that is there in another shape is reported. */
  const open = <T extends z.ZodType>(file: LegacyFile, shape: T): z.output<T> | null => {
    if (files[file] === undefined) return null;
    const parsed = shape.safeParse(files[file]);
    if (parsed.success) return parsed.data;
    skip(file, file, 'This is not the file that NetPilot wrote.');
    return null;
  };

  const devices = new Map<string, LegacyDevice>();
  const tables = open('devices.json', Tables);
  for (const [key, value] of rowsOf(tables?.devices ?? tables?._default)) {
    const device = readDevice('devices.json', value);
    const known = device.mac === null ? undefined : devices.get(device.mac);
    if (device.mac === null) skip('devices.json', device.label ?? `row ${key}`, device.why);
    else if (known !== undefined) skip('devices.json', device.mac, 'The file holds this device twice.');
    else devices.set(device.mac, device);
  }
  const macOf = new Map(
    [...devices.values()].flatMap(({ address, mac }) => (address === null ? [] : [[address, mac]])),
  );

  const listed = new Map<string, LegacyData['listed'][number]>();
  const list = (file: LegacyFile, mode: Mode, label: string, mac: string | null, why: string) => {
    if (mac === null) skip(file, label, why);
    else if (listed.has(`${mode} ${mac}`)) skip(file, mac, `It is on the ${mode} twice.`);
    else listed.set(`${mode} ${mac}`, { file, mode, mac });
  };
  const lists = open('netpilot.json', Lists);
  const state = open('netpilot_state.json', State);
  for (const mode of MODES) {
    for (const [key, value] of rowsOf(
      Table.nullable()
        .catch(null)
        .parse(lists?.[mode] ?? null),
    )) {
      const device = readDevice('netpilot.json', value);
      const byAddress = Row.safeParse(value).data?.ip ?? key;
      list('netpilot.json', mode, device.label ?? key, device.mac ?? macOf.get(byAddress) ?? null, device.why ?? '');
    }
    const addresses = z.array(z.string()).max(MAX_ROWS).catch([]).parse(state?.devices?.[mode]);
    for (const address of addresses) {
      list(
        'netpilot_state.json',
        mode,
        address,
        macOf.get(address) ?? null,
        'No device of devices.json has this address.',
      );
    }
  }

  const rates: LegacyData['rates'][number][] = [];
  for (const mode of MODES) {
    const file = `${mode}.json` as const;
    const own = open(file, Rates);
    const limited = rateOf(own?.Limit_Rate ?? state?.rates?.[`${mode}_limited`]);
    const full = rateOf(own?.Full_Rate ?? state?.rates?.[`${mode}_full`]);
    const from = own === null ? 'netpilot_state.json' : file;
    if (limited !== null || full !== null) rates.push({ file: from, mode, limited, full });
    else if (own !== null) skip(file, file, 'Its rates are no numbers of Mbit/s.');
  }

  const modeFile = open('mode.json', ModeFile);
  const named = z.enum(['none', ...MODES]).safeParse(modeFile?.mode ?? state?.active_mode);
  const modeFrom = modeFile === null ? 'netpilot_state.json' : 'mode.json';
  if (modeFile !== null && !named.success) skip('mode.json', 'mode', 'There is no such mode.');

  if (files['router.json'] !== undefined) {
    skip(
      'router.json',
      'address and password',
      'Not needed: this router is reached through its tunnel. The password was not read.',
    );
  }
  if (files['Ips_to_scan.json'] !== undefined) {
    skip('Ips_to_scan.json', 'subnets', 'Not needed: the router itself says who is there.');
  }
  return {
    devices: [...devices.values()],
    listed: [...listed.values()],
    rates,
    mode: named.success ? { file: modeFrom, mode: named.data === 'none' ? null : named.data } : null,
    skipped,
  };
}

function rowsOf(table: Record<string, unknown> | null | undefined): [string, unknown][] {
  return Object.entries(table ?? {}).slice(0, MAX_ROWS);
}

type ReadDevice = { mac: null; label: string | null; why: string } | (LegacyDevice & { label: null; why: null });

function readDevice(file: LegacyFile, value: unknown): ReadDevice {
  const row = Row.safeParse(value);
  if (!row.success) return { mac: null, label: null, why: 'This row is not a device.' };
  const { ip, hostname } = row.data;
  const label = row.data.mac ?? ip ?? hostname ?? null;
  if (row.data.mac === 'router')
    return { mac: null, label: 'router', why: 'The router itself is no device of its network.' };
  const mac = Mac.safeParse(row.data.mac);
  if (!mac.success) return { mac: null, label, why: 'It has no hardware address.' };
  const named = hostname === undefined || hostname === null || /^unknown$/iu.test(hostname) ? null : hostname;
  const address = z.union([z.ipv4(), z.ipv6()]).safeParse(ip);
  return {
    file,
    mac: mac.data,
    address: address.success ? address.data : null,
    hostname: named === null ? null : printable(named, 255),
    firstSeenAt: instantOf(row.data.first_seen),
    lastSeenAt: instantOf(row.data.last_seen),
    label: null,
    why: null,
  };
}

/** A time as Python wrote it: ISO text (in UTC where it does not say), or seconds since the epoch. */
function instantOf(value: unknown): Date | null {
  if (typeof value === 'number') return sane(new Date(value * 1_000));
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/u.test(value)) return null;
  const text = value.replace(' ', 'T');
  return sane(new Date(/T/u.test(text) && !/(Z|[+-]\d{2}:?\d{2})$/u.test(text) ? `${text}Z` : text));
}

function sane(at: Date): Date | null {
  return at.getTime() > 0 && at.getTime() <= Date.now() ? at : null;
}

/** `90mbit`, `90` or 90. */
function rateOf(value: unknown): number | null {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  const digits = /^(\d{1,6}(?:\.\d{1,3})?)\s*(?:mbit|mbps)?$/iu.exec(text)?.[1];
  const rate = Mbps.safeParse(Number(digits));
  return rate.success ? rate.data : null;
}
