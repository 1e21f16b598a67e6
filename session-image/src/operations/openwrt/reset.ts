import type { Driver } from '../driver.ts';
import type { Runner } from '../runner.ts';
import { CRONTAB, withoutClockWatch } from './access/clock-watch.ts';
import { parsePlan } from './access/plan-text.ts';
import { applyChange, type FileChange } from './change.ts';
import { isOffloading, withoutInclude, withOffloading } from './firewall.ts';

const RESET_PARTS = {
  files:
    'for f in /etc/config/netpilot /etc/netpilot/* /lib/upgrade/keep.d/netpilot; do [ -f "$f" ] && echo "$f"; done',
  plan: 'cat /etc/config/netpilot 2>/dev/null',
  firewall: 'cat /etc/config/firewall 2>/dev/null',
  crontab: 'cat /etc/crontabs/root 2>/dev/null',
  tables: 'nft list tables 2>/dev/null',
  queues:
    'command -v tc >/dev/null && for n in /sys/class/net/*; do n=${n##*/}; case "$(tc qdisc show dev "$n" 2>/dev/null)" in *"htb 4e50:"*) echo "$n";; esac; done',
} as const;

/** Files that we write; another one in our folder is not ours to remove. */
const OURS =
  /^(\/etc\/config\/netpilot|\/lib\/upgrade\/keep\.d\/netpilot|\/etc\/netpilot\/(load|policy\.nft|limits-htb\.nft|limits-policer\.nft|queues|devices|usage\.nft))$/u;

interface Belongings {
  readonly items: string[];
  readonly files: FileChange[];
  readonly restoresOffloading: boolean;
}

/** Finds all that is ours, by what is there and not by what ought to be. */
async function belongings(router: Runner): Promise<Belongings> {
  const said = await router.gather(RESET_PARTS);
  const paths = said.lines('files').filter((path) => OURS.test(path));
  const { former } = parsePlan(said.get('plan'));
  const firewall = said.get('firewall');
  const cleaned = withoutInclude(firewall);
  const restored = former === null ? cleaned : withOffloading(cleaned, former);
  const crontab = said.get('crontab');
  const crontabCleaned = withoutClockWatch(crontab);
  const tables = said.lines('tables').filter((line) => /^table inet netpilot(_usage)?$/u.test(line.trim()));
  const restoresOffloading = former !== null && isOffloading(former);
  return {
    items: [
      ...paths.map((path) => `File ${path}`),
      ...(cleaned === firewall ? [] : ['Section firewall.netpilot (include) of /etc/config/firewall']),
      ...(crontabCleaned === crontab ? [] : ['Line of /etc/crontabs/root that runs /etc/netpilot/load']),
      ...(restoresOffloading ? ['Flow offloading, which was switched off, is switched on again'] : []),
      ...tables.map((line) => `nftables ${line.trim()}`),
      ...said.lines('queues').map((device) => `Queues of ${device.slice(0, 15)} (tc, handle 4e50:)`),
    ].slice(0, 500),
    files: [
      ...paths.map((path) => ({ path, content: null })),
      ...(restored === firewall ? [] : [{ path: '/etc/config/firewall', content: restored, before: firewall }]),
      ...(crontabCleaned === crontab
        ? []
        : [{ path: CRONTAB, content: crontabCleaned === '' ? null : crontabCleaned, before: crontab }]),
    ],
    restoresOffloading,
  };
}

/** Takes away what we put on the router and nothing else. The tunnel's own service stays: without it there is no router. */
export const resetOperations: Pick<Driver, 'reset.preview' | 'reset.run'> = {
  'reset.preview': async (_input, { router }) => ({ items: (await belongings(router)).items }),
  'reset.run': async (_input, { router, progress }) => {
    progress('Looking for what is ours');
    const { items, files, restoresOffloading } = await belongings(router);
    if (items.length === 0) return { outcome: 'unchanged', warnings: [], removed: [] };
    progress('Removing it');
    const touchesFirewall = files.some(({ path }) => path === '/etc/config/firewall');
    await applyChange(router, { files, reload: touchesFirewall ? ['load', 'firewall', 'cron'] : ['load', 'cron'] });
    const left = (await belongings(router)).items;
    const warnings = [
      ...(restoresOffloading ? ['Flow offloading is on again.'] : []),
      ...left.map((item) => `Still there: ${item}`),
    ].slice(0, 20);
    return { outcome: 'confirmed', warnings, removed: items };
  },
};
