import type { Device, DeviceKind } from '@netpilot/control-plane/contract/devices.ts';

export const KIND_WORDS: Record<DeviceKind, string> = {
  phone: 'Phone',
  tablet: 'Tablet',
  laptop: 'Laptop',
  computer: 'Computer',
  tv: 'TV',
  speaker: 'Speaker',
  console: 'Game console',
  watch: 'Watch',
  camera: 'Camera',
  printer: 'Printer',
  appliance: 'Appliance',
  light: 'Light',
  server: 'Server',
  router: 'Router or access point',
  other: 'Something else',
};

/** @returns what people call it, else what it calls itself, else its maker, else its MAC. */
export function deviceName({ name, hostname, vendor, mac }: Device): string {
  return name ?? hostname ?? (vendor === null ? mac : `${vendor} ${mac.slice(-5)}`);
}

/** @returns how it hangs on the router, in words. */
export function connectionInWords({ attachment, lastSeenAt }: Device): string {
  if (attachment === null) return lastSeenAt === null ? 'Never seen' : 'Not there';
  if (attachment.type === 'wired') return attachment.port === null ? 'Wired' : `Wired (${attachment.port})`;
  const band = attachment.band === null ? '' : ` ${attachment.band} GHz`;
  return `Wi-Fi${band}${attachment.signalDbm === null ? '' : `, ${signalInWords(attachment.signalDbm)}`}`;
}

function signalInWords(dbm: number): string {
  if (dbm >= -60) return 'strong signal';
  return dbm >= -72 ? 'fair signal' : 'weak signal';
}

/** @returns true when every word of `search` is somewhere in what is known of a device. */
export function matches(device: Device, search: string): boolean {
  const { name, hostname, vendor, mac, addresses, kind } = device;
  const text = [name, hostname, vendor, mac, kind, ...addresses].join(' ').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/u)
    .every((word) => text.includes(word));
}
