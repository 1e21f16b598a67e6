import type { CompiledPlan, Limiter, PolicyClass } from './policies.ts';
import { timeMatches } from './windows.ts';

/** Our part of a connection's mark: the top byte, which neither mwan3 nor pbr uses. */
const MARK_MASK = '0xff000000';
const MARK_REST = '0x00ffffff';
/** Major number of our queues; `htb 4e50:` in the words of `tc`. */
export const QUEUE_MAJOR = '4e50';

/** What shapes: queues that delay, or where there is no `tc`, drops over the rate. */
export type Engine = 'htb' | 'policer';

/** Rate of a bucket as the kernel is given it, bytes a second. */
export function bytesPerSecond(mbps: number): number {
  return Math.round((mbps * 1_000_000) / 8);
}

/** A quarter of a second of the rate, and never less than a few full frames: less would keep TCP far below the rate. */
function burstOf(rate: number): number {
  return Math.max(Math.round(rate / 4), 32_768);
}

const mark = (index: number) => `0x${index.toString(16).padStart(2, '0')}000000`;

/** The chains of the limiters, to stand before {@link policyRules} in one transaction. */
export function limiterChains(plan: CompiledPlan, engine: Engine): string {
  const chains = plan.limiters.flatMap((limiter) =>
    (['down', 'up'] as const).map((way) => {
      const statement = limitStatement(limiter, way, engine);
      return `\tchain limit${limiter.index}_${way} {\n${statement === null ? '' : `\t\t${statement}\n`}\t}\n`;
    }),
  );
  return `table inet netpilot {\n${chains.join('')}}\n`;
}

function limitStatement({ index, rates }: Limiter, way: 'down' | 'up', engine: Engine): string | null {
  const mbps = way === 'down' ? rates.downMbps : rates.upMbps;
  if (mbps === null) return null;
  if (engine === 'htb') return `meta priority set ${QUEUE_MAJOR}:${index.toString(16)}`;
  const rate = bytesPerSecond(mbps);
  return `limit rate over ${rate} bytes/second burst ${burstOf(rate)} bytes drop`;
}

/**
 * The rules of a plan for table `inet netpilot`. A device is known by its hardware address on its way out; that way its connections are marked with
 * its class, and the mark leads the way back, so that no address list can go stale. The sets `wan` and `strays` are filled on the router.
 */
export function policyRules(plan: CompiledPlan): string {
  const elements = [...plan.devices].map(
    ([mac, to]) => `${mac} : ${to === null ? 'goto free' : `goto class${to.index}_up`}`,
  );
  const back = plan.classes.map(({ index }) => `${mark(index)} : goto class${index}_down`);
  return `table inet netpilot {
	set wan {
		type ifname
	}
	map members {
		type ether_addr : verdict
${elements.length === 0 ? '' : `\t\telements = {\n\t\t\t${elements.join(',\n\t\t\t')}\n\t\t}\n`}	}
	map strays4 {
		type ipv4_addr : verdict
		flags timeout
	}
	map strays6 {
		type ipv6_addr : verdict
		flags timeout
	}
	chain refuse {
		meta l4proto tcp reject with tcp reset
		reject with icmpx admin-prohibited
	}
	chain free {
		ct mark set ct mark and ${MARK_REST}
	}
${plan.classes.map(classChains).join('')}	chain up {
		ether saddr vmap @members
		goto ${plan.rest === null ? 'free' : `class${plan.rest.index}_up`}
	}
	chain down {
${back.length === 0 ? '' : `\t\tct mark and ${MARK_MASK} vmap { ${back.join(', ')} }\n`}		ip daddr vmap @strays4
		ip6 daddr vmap @strays6
	}
	chain forward {
		type filter hook forward priority -160; policy accept;
		oifname @wan jump up
		iifname @wan jump down
	}
}
`;
}

function classChains({ index, rules }: PolicyClass): string {
  const chain = (way: 'down' | 'up') =>
    [...rules]
      .flatMap((rule) => {
        const block = way === 'up' ? 'goto refuse' : 'drop';
        const then = rule.type === 'block' ? block : `goto limit${rule.limiter.index}_${way}`;
        return timeMatches(rule.windows).map((time) => `\t\t${time}${then}\n`);
      })
      .join('');
  const stamp = `\t\tct mark set ct mark and ${MARK_REST} or ${mark(index)}\n`;
  return `\tchain class${index}_up {\n${stamp}${chain('up')}\t}
	chain class${index}_down {\n${chain('down')}\t}
	chain class${index}_stray {\n${stamp}\t\tgoto class${index}_down\n\t}
`;
}

/** Rates of the queues, `CLASS DOWN UP` a line in bits per second and `-` for none, for the loader on the router. */
export function queueLines(plan: CompiledPlan): string {
  const bits = (mbps: number | null) => (mbps === null ? '-' : String(Math.round(mbps * 1_000_000)));
  return plan.limiters
    .map(({ index, rates }) => `${index.toString(16)} ${bits(rates.downMbps)} ${bits(rates.upMbps)}\n`)
    .join('');
}

/** `MAC CLASS` a line for each device that has a class, for the loader on the router. */
export function deviceLines(plan: CompiledPlan): string {
  return [...plan.devices].flatMap(([mac, to]) => (to === null ? [] : [`${mac} ${to.index}\n`])).join('');
}
