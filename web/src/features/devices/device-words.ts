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

const HINTS: readonly [RegExp, DeviceKind][] = [
  [/print|laserjet|officejet|epson|brother/iu, 'printer'],
  [/ipad|tablet|\btab\b/iu, 'tablet'],
  [/watch/iu, 'watch'],
  [/phone|pixel|galaxy|oneplus|redmi/iu, 'phone'],
  [/macbook|laptop|notebook|thinkpad/iu, 'laptop'],
  [/\btv\b|roku|chromecast|appletv|bravia|nest labs/iu, 'tv'],
  [/sonos|speaker|echo|homepod/iu, 'speaker'],
  [/playstation|xbox|nintendo|switch/iu, 'console'],
  [/cam(era)?\b|doorbell|hikvision/iu, 'camera'],
  [/\bnas\b|synology|qnap|server/iu, 'server'],
  [/hue|bulb|light/iu, 'light'],
  [/plug|espressif|tuya|washer|vacuum|roborock/iu, 'appliance'],
  [/desktop|\bpc\b|intel/iu, 'computer'],
];

/** @returns what a device looks like by its name and maker, until a person says what it is. */
export function guessKind({ name, hostname, vendor }: Pick<Device, 'name' | 'hostname' | 'vendor'>): DeviceKind {
  // A name says more than a maker, who makes many things.
  for (const text of [`${name ?? ''} ${hostname ?? ''}`, vendor ?? '']) {
    const words = text.replaceAll(/[-_.]/gu, ' ');
    const kind = HINTS.find(([pattern]) => pattern.test(words))?.[1];
    if (kind) return kind;
  }
  return 'other';
}
