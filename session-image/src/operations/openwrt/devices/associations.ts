import type { WifiBand } from '@netpilot/control-plane/contract/operations/devices.ts';
import { fieldsOf, jsonOf, macOf } from '../text.ts';

export interface Association {
  readonly mac: string;
  /** Network device of the access point, e.g. `phy0-ap0` or `wlan0`. */
  readonly interface: string;
  readonly band: WifiBand | null;
  readonly signalDbm: number | null;
}

/** Reads `object NAME` lines, each followed by what `ubus call NAME get_clients` answered: those that are in and may send. */
export function parseAssociations(text: string): Association[] {
  const associations: Association[] = [];
  for (const part of `\n${text}`.split('\nobject hostapd.').slice(1, 65)) {
    const end = part.indexOf('\n');
    const answer = fieldsOf(jsonOf(part.slice(end + 1)));
    const band = bandOf(answer.freq);
    for (const [macText, value] of Object.entries(fieldsOf(answer.clients)).slice(0, 1_024)) {
      const mac = macOf(macText);
      const client = fieldsOf(value);
      if (mac === null || client.assoc !== true || client.authorized !== true) continue;
      const { signal } = client;
      const signalDbm = Number.isInteger(signal) && (signal as number) < 0 && (signal as number) > -150 ? signal : null;
      associations.push({
        mac,
        interface: part.slice(0, end).slice(0, 32),
        band,
        signalDbm: signalDbm as number | null,
      });
    }
  }
  return associations;
}

/** The band of a frequency in MHz (IEEE 802.11). */
export function bandOf(frequency: unknown): WifiBand | null {
  if (typeof frequency !== 'number') return null;
  if (frequency >= 2_400 && frequency < 2_500) return '2.4';
  if (frequency >= 4_900 && frequency < 5_925) return '5';
  return frequency >= 5_925 && frequency < 7_200 ? '6' : null;
}
