import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Registries give blocks of 36, 28 or 24 bits (IEEE MA-S, MA-M, MA-L): the longest that matches is the owner. */
const PREFIXES = [9, 7, 6] as const;
/** Longest name shown. */
const MAX_NAME = 60;

let registry: Promise<ReadonlyMap<string, string>> | undefined;

/**
 * Who made a device, by the registered block of its MAC.
 * @param mac six hex pairs with colons.
 * @returns null for a randomised or group address, which nobody registered, and for an unknown block.
 */
export async function vendorOf(mac: string): Promise<string | null> {
  const digits = mac.replaceAll(':', '').toUpperCase();
  if (!/^[0-9A-F]{12}$/u.test(digits) || !isRegistered(mac)) return null;
  registry ??= load();
  const vendors = await registry;
  for (const length of PREFIXES) {
    const name = vendors.get(digits.slice(0, length));
    if (name !== undefined) return name;
  }
  return null;
}

/** @returns false for a MAC that a device made up for one network (locally administered) or that is no single device's (group). */
export function isRegistered(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 0b11) === 0;
}

/** Five megabytes are read once, when the first device asks, and the first line of each entry is kept. */
async function load(): Promise<ReadonlyMap<string, string>> {
  try {
    const text = await readFile(createRequire(import.meta.url).resolve('oui-data'), 'utf8');
    const entries = Object.entries(JSON.parse(text) as Record<string, string>);
    return new Map(entries.map(([prefix, owner]) => [prefix, owner.split('\n', 1)[0]?.slice(0, MAX_NAME) ?? '']));
  } catch (error) {
    // The next device tries again.
    registry = undefined;
    throw error;
  }
}
