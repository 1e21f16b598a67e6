import { SERVER } from '@netpilot/compose/demo-router/surroundings.ts';
import { eventually } from '../harness/eventually.ts';
import type { OperationsNetwork } from './network.ts';

export type Family = 4 | 6;
const FAMILIES = [4, 6] as const;
const address = (family: Family) => (family === 4 ? SERVER.v4 : SERVER.v6);

/** Seconds that a new connection may take to bring bytes; a refused one ends at once. */
const TRY_SECONDS = 5;

/** Bytes, of a thousand wanted, that a new connection of a device brings from the server, over each family. */
export async function reach(network: OperationsNetwork, device: string): Promise<{ v4: number; v6: number }> {
  const fetch = (family: Family) =>
    `/usr/libexec/demo/bin/timeout ${TRY_SECONDS} nc ${address(family)} 7001 < /dev/null 2>/dev/null | head -c 1000 | wc -c`;
  const { output } = await network.around.run(device, `${fetch(4)}; ${fetch(6)}`);
  const [v4 = -1, v6 = -1] = output.trim().split('\n').map(Number);
  return { v4, v6 };
}

export const ALL_BYTES = { v4: 1_000, v6: 1_000 };
export const NO_BYTES = { v4: 0, v6: 0 };

/** Connections of a device, one of each family, over which the server says something ten times a second. */
export class OpenConnections {
  readonly #network: OperationsNetwork;
  readonly #device: string;

  private constructor(network: OperationsNetwork, device: string) {
    this.#network = network;
    this.#device = device;
  }

  /** Opens both; the server has spoken over each when this returns. */
  static async open(network: OperationsNetwork, device: string): Promise<OpenConnections> {
    const connections = new OpenConnections(network, device);
    const lines = FAMILIES.map(
      (family) => `nc ${address(family)} 7003 < /dev/null > /tmp/${device}-${family} 2>/dev/null &`,
    );
    await network.around.run(device, lines.join('\n'));
    await eventually(`${device} to hear from the server`, async () => (await connections.heard()).every((n) => n > 0));
    return connections;
  }

  /** Bytes heard so far, over IPv4 and IPv6. */
  async heard(): Promise<[number, number]> {
    const counts = FAMILIES.map((family) => `wc -c < /tmp/${this.#device}-${family}`);
    const { output } = await this.#network.around.run(this.#device, counts.join('; '));
    const [v4 = 0, v6 = 0] = output.trim().split('\n').map(Number);
    return [v4, v6];
  }

  /** Waits until each has brought fifty more bytes, which is a second of words. */
  async flow(): Promise<void> {
    const [v4, v6] = await this.heard();
    await eventually(`words for ${this.#device}`, async () => {
      const now = await this.heard();
      return now[0] > v4 + 50 && now[1] > v6 + 50;
    });
  }
}

/** The promise of a limit: at most this far from its rate. */
export const TOLERANCE = 0.15;

/** A busy machine may be too slow once; a limit that does not hold is too fast or too slow every time. */
const ATTEMPTS = 4;

/**
 * How far the rate of a device, or of several at once that share it, is from what it should be, at best: 0.1 is ten per cent too fast or too slow.
 */
export async function deviation(
  mbps: number,
  network: OperationsNetwork,
  devices: string | readonly string[],
  direction: 'down' | 'up',
  family: Family,
): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && best >= TOLERANCE; attempt++) {
    const rates = await Promise.all([devices].flat().map((name) => network.around.rate(name, direction, family, 2)));
    const rate = rates.reduce((sum, each) => sum + each);
    best = Math.min(best, Math.abs(rate / (mbps * 1_000_000) - 1));
  }
  return best;
}

/** Waits until a download of a device is faster than it could be if it were limited to `mbps`. */
export async function unlimited(mbps: number, network: OperationsNetwork, device: string): Promise<void> {
  await eventually(`${device} to be faster than ${mbps} Mbit/s`, async () => {
    return (await network.around.rate(device, 'down', 4, 1)) > mbps * (1 + TOLERANCE) * 1_000_000;
  });
}
