import { addressOf, countOf, fieldsOf, jsonOf, listOf, nameOf } from './text.ts';

/** One logical interface of netifd. */
export interface NetworkInterface {
  readonly name: string;
  readonly up: boolean;
  readonly protocol: string | null;
  /** Network device that packets go through. */
  readonly device: string | null;
  readonly uptimeSeconds: number | null;
  readonly addresses: string[];
  readonly gateways: string[];
  readonly dnsServers: string[];
  /** It leads to the Internet: a default route goes through it, or it is called as OpenWrt calls such a one. */
  readonly wan: boolean;
}

/** Reads `ubus call network.interface dump`. */
export function parseInterfaces(text: string): NetworkInterface[] {
  const found: NetworkInterface[] = [];
  for (const value of listOf(fieldsOf(jsonOf(text)).interface, 64)) {
    const entry = fieldsOf(value);
    const name = nameOf(entry.interface);
    if (name === null) continue;
    const defaults = listOf(entry.route, 256)
      .map(fieldsOf)
      .filter((route) => route.mask === 0);
    found.push({
      name,
      up: entry.up === true,
      protocol: nameOf(entry.proto),
      device: nameOf(entry.l3_device) ?? nameOf(entry.device),
      uptimeSeconds: countOf(entry.uptime),
      addresses: [...addressesIn(entry['ipv4-address']), ...addressesIn(entry['ipv6-address'])].slice(0, 16),
      gateways: known(defaults.map((route) => addressOf(nameOf(route.nexthop) ?? undefined))).slice(0, 8),
      dnsServers: known(listOf(entry['dns-server'], 8).map((server) => addressOf(nameOf(server) ?? undefined))),
      wan: defaults.length > 0 || name.startsWith('wan'),
    });
  }
  return found;
}

function addressesIn(list: unknown): string[] {
  return known(listOf(list, 16).map((entry) => addressOf(nameOf(fieldsOf(entry).address) ?? undefined)));
}

function known(list: readonly (string | null)[]): string[] {
  return list.filter((entry) => entry !== null);
}
