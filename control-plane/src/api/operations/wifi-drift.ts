import type { WifiState } from '../../../contract/operations/wifi.ts';
import type { Drift, WifiDesired } from '../../../contract/router-policies.ts';

/** @returns what the router's Wi-Fi is set to, without anything that is secret or moves by itself. */
export function desiredOf({ radios, networks }: WifiState): WifiDesired {
  return {
    radios: Object.fromEntries(radios.map(({ section, enabled }) => [section, { enabled }])),
    networks: Object.fromEntries(
      networks.map(({ section, enabled, ssid, encryption }) => [section, { enabled, ssid, encryption }]),
    ),
  };
}

/** @returns `ours` with the named sections as they are now. */
export function wifiPartOf(ours: WifiDesired, now: WifiDesired, sections: ReadonlySet<string>): WifiDesired {
  const named = <T>(all: Record<string, T>) => Object.entries(all).filter(([section]) => sections.has(section));
  return {
    radios: { ...ours.radios, ...Object.fromEntries(named(now.radios)) },
    networks: { ...ours.networks, ...Object.fromEntries(named(now.networks)) },
  };
}

/** @returns in what the router's Wi-Fi differs from what was asked for; sections that came or went are not ours to judge. */
export function wifiDrift(desired: WifiDesired | null, observed: WifiState | null): Drift[] {
  if (desired === null || observed === null) return [];
  const now = desiredOf(observed);
  const drift: Drift[] = [];
  const compare = (what: string, ours: string, routers: string) => {
    if (ours !== routers) drift.push({ kind: 'wifi', what, ours, routers });
  };
  for (const [section, radio] of Object.entries(desired.radios)) {
    const there = now.radios[section];
    if (there !== undefined) compare(`Radio ${section}`, onOff(radio.enabled), onOff(there.enabled));
  }
  for (const [section, network] of Object.entries(desired.networks)) {
    const there = now.networks[section];
    if (there === undefined) continue;
    compare(`Network ${network.ssid}`, onOff(network.enabled), onOff(there.enabled));
    compare(`Name of network ${section}`, network.ssid, there.ssid);
    compare(`Encryption of ${network.ssid}`, network.encryption, there.encryption);
  }
  return drift;
}

function onOff(enabled: boolean): string {
  return enabled ? 'on' : 'off';
}
