import {
  MAX_DEVICES,
  type ScanResult,
  type ScannedDevice,
} from '@netpilot/control-plane/contract/operations/devices.ts';
import { isRandomised } from '@netpilot/control-plane/contract/operations/values.ts';
import type { Handler } from '../../driver.ts';
import type { Sections } from '../../sections.ts';
import { parseInterfaces } from '../interfaces.ts';
import { countOf, instantOf, linesOf, macOf, nameOf } from '../text.ts';
import { parseUci } from '../uci-text.ts';
import { parseWirelessStatus } from '../wifi/wireless-status.ts';
import { type Association, parseAssociations } from './associations.ts';
import { type BridgeEntry, parseBridges } from './bridge.ts';
import { parseLeases } from './leases.ts';
import { parseArp, parseNeighbours } from './neighbours.ts';

/** Seconds without a frame after which a wired device counts as gone; the bridge itself forgets after 300. */
const PRESENT_SECONDS = 120;

/** Who is on Wi-Fi, for `parseAssociations`. */
export const ASSOCIATIONS =
  'for o in $(ubus list "hostapd.*" 2>/dev/null); do echo "object $o"; ubus call "$o" get_clients; echo; done 2>/dev/null';

/** What knows of devices, in one trip. */
export const SCAN_PARTS = {
  now: 'date -u +%s',
  leases: 'f=$(uci -q get dhcp.@dnsmasq[0].leasefile); cat "${f:-/tmp/dhcp.leases}" 2>/dev/null',
  names: 'cat /etc/config/dhcp 2>/dev/null',
  neighbours: 'ip neigh show 2>/dev/null',
  arp: 'cat /proc/net/arp 2>/dev/null',
  bridges: `for b in /sys/class/net/*/brforward; do [ -r "$b" ] || continue; d=\${b%/brforward}; echo "bridge \${d##*/}"
for p in "$d"/brif/*; do [ -r "$p/port_no" ] && echo "port $(($(cat "$p/port_no"))) \${p##*/}"; done
hexdump -v -e '6/1 "%02x" " " 1/1 "%u" " " 1/1 "%u" " " 1/4 "%u" " " 1/4 "%u" "\\n"' "$b"; done 2>/dev/null`,
  associations: ASSOCIATIONS,
  wireless: 'ubus call network.wireless status 2>/dev/null',
  interfaces: 'ubus call network.interface dump 2>/dev/null',
  own: 'cat /sys/class/net/*/address 2>/dev/null',
} as const;

/** @see ScanResult */
export const scan: Handler<'devices.scan'> = async (_input, { router }) => mergeScan(await router.gather(SCAN_PARTS));

/** Merges by hardware address what the tables of {@link SCAN_PARTS} say. Pure. */
export function mergeScan(said: Pick<Sections, 'get'>): ScanResult {
  const now = countOf(said.get('now').trim()) ?? 0;
  const found = new Map<string, Found>();
  const at = (mac: string) => {
    const entry = found.get(mac) ?? { addresses: new Set<string>(), hostname: null, expires: null, fresh: false };
    found.set(mac, entry);
    return entry;
  };
  const outside = new Set(
    parseInterfaces(said.get('interfaces'))
      .filter((one) => one.wan)
      .map((one) => one.device),
  );

  for (const lease of parseLeases(said.get('leases'))) {
    const entry = at(lease.mac);
    entry.hostname = lease.hostname ?? entry.hostname;
    // An ended lease gives a name only: its address may be somebody else's by now.
    if (lease.expires !== null && lease.expires < now) continue;
    entry.addresses.add(lease.address);
    entry.expires = lease.expires;
  }
  const neighbours = [...parseNeighbours(said.get('neighbours')), ...parseArp(said.get('arp'))];
  for (const neighbour of neighbours) {
    if (outside.has(neighbour.device)) continue;
    const entry = at(neighbour.mac);
    entry.addresses.add(neighbour.address);
    entry.fresh ||= neighbour.fresh;
  }
  for (const [mac, name] of configuredNames(said.get('names'))) {
    const entry = found.get(mac);
    if (entry) entry.hostname = name;
  }
  const own = new Set(linesOf(said.get('own')).map((line) => macOf(line.trim())));
  for (const entry of parseBridges(said.get('bridges'))) {
    if (entry.local) own.add(entry.mac);
    else if (entry.age <= PRESENT_SECONDS) at(entry.mac).bridge = entry;
  }
  const ssids = new Map(parseWirelessStatus(said.get('wireless')).map((one) => [one.interface, one.ssid]));
  for (const association of parseAssociations(said.get('associations'))) at(association.mac).association = association;

  const devices = [...found].map(([mac, entry]) => present(mac, entry, own.has(mac), ssids));
  devices.sort((a, b) => Number(b.online) - Number(a.online) || (a.mac < b.mac ? -1 : 1));
  return {
    devices: devices.slice(0, MAX_DEVICES),
    truncated: devices.length > MAX_DEVICES,
    at: instantOf(now) ?? new Date(0).toISOString(),
  };
}

interface Found {
  addresses: Set<string>;
  hostname: string | null;
  expires: number | null;
  fresh: boolean;
  bridge?: BridgeEntry;
  association?: Association;
}

function present(mac: string, entry: Found, router: boolean, ssids: ReadonlyMap<string | null, string>): ScannedDevice {
  const { association, bridge } = entry;
  const addresses = [...entry.addresses].sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
  return {
    mac,
    addresses: addresses.slice(0, 32),
    hostname: entry.hostname,
    attachment: association
      ? {
          type: 'wifi',
          interface: association.interface,
          ssid: ssids.get(association.interface) ?? null,
          band: association.band,
          signalDbm: association.signalDbm,
        }
      : bridge
        ? { type: 'wired', port: bridge.port }
        : entry.fresh
          ? { type: 'wired', port: null }
          : null,
    online: router || association !== undefined || bridge !== undefined || entry.fresh,
    router,
    randomised: isRandomised(mac),
    leaseExpires: instantOf(entry.expires),
  };
}

/** Names that `config host` sections of the DHCP configuration give; a section may name several addresses. */
function configuredNames(text: string): [string, string][] {
  const names: [string, string][] = [];
  for (const section of parseUci(text)) {
    if (section.type !== 'host') continue;
    const name = nameOf(section.options.get('name'));
    const macs = section.lists.get('mac') ?? (section.options.get('mac') ?? '').split(' ');
    for (const mac of macs.map(macOf)) if (mac !== null && name !== null) names.push([mac, name]);
  }
  return names;
}
