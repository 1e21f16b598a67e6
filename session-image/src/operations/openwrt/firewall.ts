import type { Former } from './access/plan-text.ts';
import { parseUci, uciSection, withOption, withoutSection, withSection } from './uci-text.ts';

/**
 * Says `nft` where rules can be loaded and read back. 21.02 brings no nftables, `nftables-nojson` cannot tell what is in force, and a program
 * without its kernel modules can do nothing: for all of them it takes `nftables-json`.
 */
export const FIND_NFTABLES = 'nft -j list tables >/dev/null 2>&1 && echo nft';

/** Name of our include; fw3 and fw4 both run it at boot and after each reload. */
const INCLUDE = 'netpilot';

/** Adds the include that loads our rules, unless it is there. */
export function withInclude(text: string): string {
  if (parseUci(text).some(({ type, name }) => type === 'include' && name === INCLUDE)) return text;
  return withSection(
    text,
    uciSection('include', INCLUDE, { type: 'script', path: '/etc/netpilot/load', fw4_compatible: '1', reload: '1' }),
  );
}

/** Takes the include away. */
export function withoutInclude(text: string): string {
  const index = parseUci(text).findIndex(({ type, name }) => type === 'include' && name === INCLUDE);
  return index === -1 ? text : withoutSection(text, index);
}

const SOFTWARE = 'flow_offloading';
const HARDWARE = 'flow_offloading_hw';

/** How flow offloading is configured; offloaded packets pass no rule and no queue of ours. */
export function offloadingOf(text: string): Former {
  const options = parseUci(text).find(({ type }) => type === 'defaults')?.options;
  return { flowOffloading: options?.get(SOFTWARE) ?? null, flowOffloadingHardware: options?.get(HARDWARE) ?? null };
}

/** True when packets are offloaded, by software or hardware. */
export function isOffloading({ flowOffloading }: Former): boolean {
  return flowOffloading === '1' || flowOffloading === 'true' || flowOffloading === 'on' || flowOffloading === 'yes';
}

/** Sets flow offloading to what it was, or off. */
export function withOffloading(text: string, { flowOffloading, flowOffloadingHardware }: Former): string {
  const index = parseUci(text).findIndex(({ type }) => type === 'defaults');
  if (index === -1) return text;
  return withOption(withOption(text, index, SOFTWARE, flowOffloading), index, HARDWARE, flowOffloadingHardware);
}
