import { addressOf, linesOf, macOf } from '../text.ts';

export interface Neighbour {
  readonly address: string;
  readonly device: string;
  readonly mac: string;
  /** The kernel has heard from it within the last half minute or so, or is asking right now. STALE says nothing. */
  readonly fresh: boolean;
}

const STATES = new Set(['REACHABLE', 'DELAY', 'PROBE', 'STALE', 'PERMANENT', 'NOARP', 'FAILED', 'INCOMPLETE', 'NONE']);

/** Reads `ip neigh show` of BusyBox and iproute2: IPv4 and IPv6, with or without reference counts. */
export function parseNeighbours(text: string): Neighbour[] {
  const neighbours: Neighbour[] = [];
  for (const line of linesOf(text)) {
    const words = line.trim().split(/\s+/u, 32);
    const after = (word: string) => {
      const at = words.indexOf(word);
      return at === -1 ? undefined : words[at + 1];
    };
    const address = addressOf(words[0]);
    const mac = macOf(after('lladdr'));
    const device = after('dev');
    const state = words.at(-1) ?? '';
    if (address === null || mac === null || device === undefined || !STATES.has(state)) continue;
    if (state === 'FAILED' || state === 'INCOMPLETE') continue;
    neighbours.push({ address, device, mac, fresh: state === 'REACHABLE' || state === 'DELAY' || state === 'PROBE' });
  }
  return neighbours;
}

/** Reads `/proc/net/arp`, for routers whose `ip` has no `neigh`; an entry says nothing of presence. */
export function parseArp(text: string): Neighbour[] {
  const neighbours: Neighbour[] = [];
  for (const line of linesOf(text)) {
    const [addressText, , flags, macText, , device] = line.trim().split(/\s+/u, 7);
    const address = addressOf(addressText);
    const mac = macOf(macText);
    if (address === null || mac === null || device === undefined || flags !== '0x2') continue;
    neighbours.push({ address, device, mac, fresh: false });
  }
  return neighbours;
}
