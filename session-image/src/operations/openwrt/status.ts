import type { RouterStatus, WanState } from '@netpilot/control-plane/contract/operations/status.ts';
import type { Handler } from '../driver.ts';
import { routerSaid } from '../problem.ts';
import type { Sections } from '../sections.ts';
import { FIND_NFTABLES } from './firewall.ts';
import { parseInterfaces } from './interfaces.ts';
import { addressOf, countOf, fieldsOf, instantOf, jsonOf, linesOf, nameOf, uptimeOf } from './text.ts';

/** One trip; `/proc` where it says what `ubus` says too, so that a router with a sick `ubusd` still tells of itself. */
export const STATUS_PARTS = {
  now: 'date -u +%s',
  board: 'ubus call system board 2>/dev/null',
  release: 'cat /etc/openwrt_release 2>/dev/null',
  hostname: 'cat /proc/sys/kernel/hostname',
  kernel: 'uname -r',
  uptime: 'cat /proc/uptime',
  load: 'cat /proc/loadavg',
  processors: 'grep -c "^processor" /proc/cpuinfo',
  memory: 'cat /proc/meminfo',
  storage: 'df -k 2>/dev/null',
  interfaces: 'ubus call network.interface dump 2>/dev/null',
  routes: 'ip route 2>/dev/null',
  addresses: 'ip -o -4 addr show 2>/dev/null',
  counters: 'cat /proc/net/dev',
  temperatures:
    'for t in /sys/class/thermal/thermal_zone*/temp /sys/class/hwmon/hwmon*/temp*_input; do [ -r "$t" ] || continue; d=${t%/*}; echo "$(cat "$t") $(cat "$d/type" "$d/name" 2>/dev/null | head -n 1)"; done 2>/dev/null',
  abilities: `${FIND_NFTABLES}; for c in tc nlbw opkg apk; do command -v $c >/dev/null && echo $c; done; [ -e /etc/config/wireless ] && echo wifi`,
} as const;

/** @see RouterStatus */
export const readStatus: Handler<'status.read'> = async (_input, { router }) =>
  statusOf(await router.gather(STATUS_PARTS));

/** Pure. @throws OperationFailure when not even `/proc` answers: this is no router that we know. */
export function statusOf(said: Pick<Sections, 'get'>): RouterStatus {
  const board = fieldsOf(jsonOf(said.get('board')));
  const release = fieldsOf(board.release);
  const file = releaseFile(said.get('release'));
  const uptime = uptimeOf(said.get('uptime'));
  if (uptime === null) throw routerSaid('It does not tell its uptime.', null);
  const able = new Set(linesOf(said.get('abilities')));
  return {
    hostname: nameOf(board.hostname) ?? nameOf(said.get('hostname')),
    model: nameOf(board.model),
    board: nameOf(board.board_name),
    release: nameOf(release.description) ?? file.get('DISTRIB_DESCRIPTION') ?? null,
    revision: nameOf(release.revision) ?? file.get('DISTRIB_REVISION') ?? null,
    target: nameOf(release.target) ?? file.get('DISTRIB_TARGET') ?? null,
    kernel: nameOf(board.kernel) ?? nameOf(said.get('kernel')),
    at: instantOf(countOf(said.get('now').trim())) ?? new Date(0).toISOString(),
    uptimeSeconds: uptime,
    load: loadOf(said.get('load')),
    processors: Math.max(1, countOf(said.get('processors').trim()) ?? 1),
    memory: memoryOf(said.get('memory')),
    storage: storageOf(said.get('storage')),
    wan: wanOf(said),
    temperatures: temperaturesOf(said.get('temperatures')),
    abilities: {
      nftables: able.has('nft'),
      trafficControl: able.has('tc'),
      nlbwmon: able.has('nlbw'),
      wifi: able.has('wifi'),
      packageManager: able.has('apk') ? 'apk' : able.has('opkg') ? 'opkg' : null,
    },
  };
}

function releaseFile(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of linesOf(text)) {
    const [, key, value] = /^(\w+)=['"]?([^'"]*)['"]?$/u.exec(line) ?? [];
    const name = nameOf(value);
    if (key !== undefined && name !== null) found.set(key, name);
  }
  return found;
}

function loadOf(text: string): [number, number, number] {
  const [one = 0, five = 0, fifteen = 0] = text
    .split(' ', 3)
    .map((part) => (/^\d{1,6}(\.\d+)?$/u.test(part) ? Number(part) : 0));
  return [one, five, fifteen];
}

function memoryOf(text: string): RouterStatus['memory'] {
  const kilobytes = (name: string) => countOf(new RegExp(`^${name}:\\s+(\\d{1,12}) kB$`, 'mu').exec(text)?.[1]) ?? 0;
  const totalBytes = kilobytes('MemTotal') * 1_024;
  return { totalBytes, availableBytes: (kilobytes('MemAvailable') || kilobytes('MemFree')) * 1_024 };
}

/** Reads `df -k`; memory that looks like a disk, but for `/tmp`, is left out, and so is a second mount of a device. BusyBox breaks the line of a long device name. */
function storageOf(text: string): RouterStatus['storage'] {
  const storage: RouterStatus['storage'] = [];
  const seen = new Set<string>();
  const joined = text.replace(/\n[ \t]+(?=\d)/gu, ' ');
  for (const line of linesOf(joined)) {
    const [, device = '', total, free, path] =
      /^(\S+)\s+(\d{1,12})\s+\d{1,12}\s+(\d{1,12})\s+\d{1,3}%\s+(\/\S*)$/u.exec(line) ?? [];
    const mount = nameOf(path);
    if (mount === null || storage.length === 16) continue;
    if (/^(tmpfs|devtmpfs|none|udev|shm)$/u.test(device) && mount !== '/tmp') continue;
    if (seen.has(device)) continue;
    seen.add(device);
    storage.push({ mount, totalBytes: Number(total) * 1_024, freeBytes: Number(free) * 1_024 });
  }
  return storage;
}

function wanOf(said: Pick<Sections, 'get'>): WanState[] {
  const counters = countersOf(said.get('counters'));
  const bytes = (device: string | null) => {
    const [downBytes, upBytes] = counters.get(device ?? '') ?? [null, null];
    return { downBytes, upBytes };
  };
  const known = parseInterfaces(said.get('interfaces')).filter(({ wan }) => wan);
  if (known.length > 0) return known.slice(0, 8).map(({ wan: _wan, ...rest }) => ({ ...rest, ...bytes(rest.device) }));
  return linesOf(said.get('routes'))
    .filter((line) => line.startsWith('default '))
    .slice(0, 8)
    .flatMap((line) => {
      const device = /\bdev (\S{1,15})/u.exec(line)?.[1];
      if (device === undefined) return [];
      const gateway = addressOf(/\bvia (\S{1,45})/u.exec(line)?.[1]);
      const row = linesOf(said.get('addresses'))
        .map((text) => /^\d+: (\S+)\s+inet ([\d.]{7,15})/u.exec(text))
        .find((match) => match?.[1] === device);
      const address = addressOf(row?.[2]);
      return [
        {
          name: device,
          up: true,
          protocol: null,
          device,
          uptimeSeconds: null,
          addresses: address === null ? [] : [address],
          gateways: gateway === null ? [] : [gateway],
          dnsServers: [],
          ...bytes(device),
        },
      ];
    });
}

/** Bytes received and sent of each network device, from `/proc/net/dev`. */
function countersOf(text: string): Map<string, [number | null, number | null]> {
  const counters = new Map<string, [number | null, number | null]>();
  for (const line of linesOf(text)) {
    const [name, rest] = line.split(/:\s*/u, 2);
    const fields = (rest ?? '').trim().split(/\s+/u);
    if (name !== undefined && fields.length >= 9) counters.set(name.trim(), [countOf(fields[0]), countOf(fields[8])]);
  }
  return counters;
}

/** Thousandths of a degree and a name a line; sensors that are not there say zero or nonsense. */
function temperaturesOf(text: string): RouterStatus['temperatures'] {
  return linesOf(text)
    .flatMap((line) => {
      const match = /^(-?\d{1,7}) (.*)$/u.exec(line);
      const celsius = Number(match?.[1]) / 1_000;
      return match && celsius > -60 && celsius < 250 && celsius !== 0
        ? [{ name: nameOf(match[2]) ?? 'sensor', celsius }]
        : [];
    })
    .slice(0, 32);
}
