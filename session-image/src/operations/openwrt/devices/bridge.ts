import { linesOf, macOf } from '../text.ts';

export interface BridgeEntry {
  readonly mac: string;
  readonly bridge: string;
  /** Network device behind which it is; null when the number has none (any more). */
  readonly port: string | null;
  /** An address of the bridge itself. */
  readonly local: boolean;
  /** Seconds since its last frame. */
  readonly age: number;
}

/** Ticks a second of the timers that the kernel shows to programs (USER_HZ). */
const TICKS = 100;

/**
 * Reads our dump of the bridges: `bridge NAME`, `port NUMBER NAME` and, from `/sys/class/net/NAME/brforward`, `mac port local ticks high`
 * (struct __fdb_entry of the kernel).
 */
export function parseBridges(text: string): BridgeEntry[] {
  const entries: BridgeEntry[] = [];
  let bridge = '';
  let ports = new Map<number, string>();
  for (const line of linesOf(text)) {
    const words = line.trim().split(/\s+/u, 6);
    if (words[0] === 'bridge' && words[1] !== undefined) {
      bridge = words[1].slice(0, 15);
      ports = new Map();
    } else if (words[0] === 'port' && words[2] !== undefined) {
      ports.set(Number(words[1]), words[2].slice(0, 15));
    } else {
      const mac = /^[0-9a-f]{12}$/u.test(words[0] ?? '') ? macOf(words[0]?.match(/../gu)?.join(':')) : null;
      const [low = -1, local = -1, ticks = -1, high = 0] = words.slice(1).map(Number);
      if (mac === null || bridge === '' || !(low >= 0 && local >= 0 && ticks >= 0)) continue;
      const port = ports.get((high % 256) * 256 + low) ?? null;
      entries.push({ mac, bridge, port, local: local === 1, age: ticks / TICKS });
    }
  }
  return entries;
}
