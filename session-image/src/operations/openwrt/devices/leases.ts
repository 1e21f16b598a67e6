import { addressOf, linesOf, macOf, nameOf } from '../text.ts';

export interface Lease {
  readonly mac: string;
  readonly address: string;
  readonly hostname: string | null;
  /** Seconds since 1970; null for one that does not end. */
  readonly expires: number | null;
}

/** Reads dnsmasq's lease file: `expiry mac address name client-id`; its IPv6 part has no hardware addresses and is left out. */
export function parseLeases(text: string): Lease[] {
  const leases: Lease[] = [];
  for (const line of linesOf(text)) {
    const [expires = '', macText, addressText, name] = line.split(' ');
    const mac = macOf(macText);
    const address = addressOf(addressText);
    if (mac === null || address === null || !/^\d{1,12}$/u.test(expires)) continue;
    leases.push({ mac, address, hostname: nameOf(name), expires: Number(expires) === 0 ? null : Number(expires) });
  }
  return leases;
}
