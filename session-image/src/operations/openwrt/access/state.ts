import type { AccessState } from '@netpilot/control-plane/contract/operations/access.ts';
import { WEEKDAYS } from '@netpilot/control-plane/contract/operations/values.ts';
import { OperationFailure } from '../../problem.ts';
import type { Runner } from '../../runner.ts';
import type { Sections } from '../../sections.ts';
import { sha256 } from '../change.ts';
import { FIND_NFTABLES, isOffloading, offloadingOf } from '../firewall.ts';
import { linesOf, macOf } from '../text.ts';
import { CRONTAB } from './clock-watch.ts';
import { effectOf } from './effect.ts';
import { parseKernelState } from './kernel-state.ts';
import { parsePlan, type StoredPlan } from './plan-text.ts';
import { type CompiledPlan, compilePlan } from './policies.ts';

/** Everything that says how the plan stands, in one trip. */
export const ACCESS_PARTS = {
  present: 'for f in /etc/config/netpilot /etc/config/firewall /etc/crontabs/root; do [ -e $f ] && echo $f; done',
  nftables: FIND_NFTABLES,
  plan: 'cat /etc/config/netpilot 2>/dev/null',
  firewall: 'cat /etc/config/firewall 2>/dev/null',
  crontab: 'cat /etc/crontabs/root 2>/dev/null',
  kernel: 'nft -j list table inet netpilot 2>/dev/null',
  queues:
    'command -v tc >/dev/null && for n in /sys/class/net/*; do n=${n##*/}; echo "dev $n"; tc class show dev "$n" 2>/dev/null; done',
  clock: "date '+%u %H:%M:%S'",
  own: 'cat /sys/class/net/*/address 2>/dev/null',
} as const;

/** What the router has: the stored plan, the texts it stands in, and the kernel. */
export interface AccessSituation {
  readonly stored: StoredPlan;
  readonly compiled: CompiledPlan;
  readonly state: AccessState;
  /** Null when the file is not there. */
  readonly planFile: string | null;
  readonly firewallFile: string | null;
  readonly crontab: string | null;
  /** Rules can be loaded and read back. */
  readonly nftables: boolean;
  /** Hardware addresses of the router itself. */
  readonly own: ReadonlySet<string>;
}

/** Reads the situation in one trip. */
export async function readSituation(router: Runner): Promise<AccessSituation> {
  return situationOf(await router.gather(ACCESS_PARTS));
}

/** Pure part of {@link readSituation}. */
export function situationOf(said: Pick<Sections, 'get' | 'lines'>): AccessSituation {
  const present = new Set(said.lines('present'));
  const file = (path: string, section: string) => (present.has(path) ? said.get(section) : null);
  const planFile = file('/etc/config/netpilot', 'plan');
  const firewallFile = file('/etc/config/firewall', 'firewall');
  const stored = parsePlan(planFile ?? '');
  const compiled = compiledOrRefused(stored);
  const offloading = isOffloading(offloadingOf(firewallFile ?? ''));
  const effect = effectOf(compiled, {
    kernel: parseKernelState(said.get('kernel'), said.get('queues')),
    flowOffloading: offloading ? 'on' : stored.former === null ? 'off' : 'off_for_policies',
    moment: momentOf(said.get('clock')),
  });
  return {
    stored,
    compiled,
    state: { plan: stored.plan, revision: sha256(planFile ?? '').slice(0, 16), effect },
    planFile,
    firewallFile,
    crontab: file(CRONTAB, 'crontab'),
    nftables: said.get('nftables').trim() === 'nft',
    own: new Set(linesOf(said.get('own')).flatMap((line) => macOf(line.trim()) ?? [])),
  };
}

/** Connections carry the number of their class in one byte of their mark. */
const MAX_CLASSES = 254;

/** @throws OperationFailure `invalid_value` for a plan with more different policies than connections can be marked with. */
export function compiledOrRefused({ plan }: Pick<StoredPlan, 'plan'>): CompiledPlan {
  const compiled = compilePlan(plan);
  if (compiled.classes.length <= MAX_CLASSES) return compiled;
  throw new OperationFailure({
    code: 'invalid_value',
    detail: `The plan makes ${compiled.classes.length} different policies of its windows and groups; ${MAX_CLASSES} can be told apart.`,
    field: 'plan',
  });
}

function momentOf(text: string) {
  const [, day = '1', hours = '0', minutes = '0', seconds = '0'] =
    /^(\d) (\d\d):(\d\d):(\d\d)/u.exec(text.trim()) ?? [];
  return {
    day: WEEKDAYS[Number(day) - 1] ?? 'mon',
    seconds: Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds),
  };
}
