import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { pack } from 'tar-stream';
import { OperationFailure, routerSaid } from '../problem.ts';
import type { Runner } from '../runner.ts';

/** What makes changed files take effect, in this order. */
export type ReloadStep = 'load' | 'firewall' | 'wifi' | 'config' | 'cron';

export interface FileChange {
  /** Absolute; letters, digits, `/`, `.`, `_` and `-` only. */
  readonly path: string;
  /** Null removes the file. */
  readonly content: string | null;
  /** What the file held when the change was made up, null for no file: anything else is a conflict. Left out: whatever is there. */
  readonly before?: string | null;
  /** Of a file that is new; one that is there keeps its own. */
  readonly mode?: '600' | '644' | '755';
}

export interface Change {
  readonly files: readonly FileChange[];
  readonly reload: readonly ReloadStep[];
  /** Seconds to wait before it counts as held; for what takes effect behind the back of its reload. Default 0. */
  readonly settleSeconds?: number;
  /** Looks at the router with the change in force. A throw takes the change back. */
  readonly verify?: () => Promise<void>;
}

/** What a change needs of the way to the router. */
type Road = Pick<Runner, 'run'>;

/** Seconds after which the watchdog restores; restoring takes some more, and 30 are promised. */
const WATCHDOG_SECONDS = 22;
const PROMISED_SECONDS = 30;

/** Takes our tables and queues out of the kernel; for a restored state that had none. */
export const UNLOAD = `nft delete table inet netpilot 2>/dev/null
nft delete table inet netpilot_usage 2>/dev/null
command -v tc >/dev/null && for n in /sys/class/net/*; do n=\${n##*/}
case "$(tc qdisc show dev "$n" 2>/dev/null)" in *"htb 4e50:"*) tc qdisc del dev "$n" root;; esac; done`;

/**
 * Applies a change, has it verified and confirms it, with a watchdog on the router that restores the former files unless it is confirmed in time.
 * Resolves once it is confirmed.
 * @throws OperationFailure `busy`, `conflict`, `router_said` before anything was changed; `rolled_back` after.
 */
export async function applyChange(router: Road, change: Change): Promise<void> {
  const id = randomBytes(8).toString('hex');
  const by = new Date(Date.now() + PROMISED_SECONDS * 1_000).toISOString();
  const input = await archiveOf(change.files);
  try {
    const { stdout, stderr, exitCode } = await router.run(applyScript(id, change), {
      input,
      timeoutSeconds: PROMISED_SECONDS,
    });
    refuse(exitCode, stdout, stderr);
    await delay((change.settleSeconds ?? 0) * 1_000);
    try {
      await change.verify?.();
    } catch (error) {
      throw await undone(router, id, by, error);
    }
    const answer = await router.run(confirmScript(id));
    if (answer.stdout.trim() !== 'confirmed')
      throw rolledBack('It was not confirmed in time: the router restored its former state.', null);
  } catch (error) {
    if (!(error instanceof OperationFailure)) throw lostOnTheWay(by);
    const { code } = error.problem;
    throw code === 'connection_lost' || code === 'timed_out' ? lostOnTheWay(by) : error;
  }
}

function lostOnTheWay(by: string): OperationFailure {
  return rolledBack('The connection was lost before the change was confirmed: the router restores itself.', by);
}

function rolledBack(detail: string, by: string | null): OperationFailure {
  return new OperationFailure({ code: 'rolled_back', detail, certain: by === null, by });
}

/** Has the watchdog restore at once. @returns what to throw. */
async function undone(router: Road, id: string, by: string, error: unknown): Promise<OperationFailure> {
  const { stdout } = await router.run(undoScript(id), { timeoutSeconds: PROMISED_SECONDS });
  const why = error instanceof OperationFailure ? error.problem.detail : 'It could not be verified.';
  return rolledBack(`The change did not hold: ${why}`, stdout.trim() === 'restored' ? null : by);
}

const REFUSALS: Readonly<Record<number, (said: string) => OperationFailure>> = {
  21: () => new OperationFailure({ code: 'busy', detail: 'Another change waits for its confirmation.' }),
  22: (said) => routerSaid(said || 'The change could not be staged.', 22),
  23: (said) => new OperationFailure({ code: 'conflict', detail: `Changed in the meantime: ${said}` }),
  24: (said) =>
    new OperationFailure({ code: 'conflict', detail: `Somebody has changes of it that are not committed: ${said}` }),
  25: (said) =>
    new OperationFailure({ code: 'invalid_value', detail: `The router cannot read: ${said}`, field: 'files' }),
  26: (said) => rolledBack(`It did not take effect: ${said}`, null),
};

function refuse(exitCode: number | null, stdout: string, stderr: string): void {
  if (exitCode === 0) return;
  throw REFUSALS[exitCode ?? -1]?.(stdout.trim().slice(-600)) ?? routerSaid(stderr || stdout, exitCode);
}

/** The staged files as `new/N`, configurations as `config/NAME` too, and `manifest`: `N SHA256 MODE PATH` a line. */
async function archiveOf(files: readonly FileChange[]): Promise<Buffer> {
  const tar = pack();
  const lines = files.map(({ path, content, before, mode = '600' }, index) => {
    if (!/^(\/[A-Za-z0-9._-]+)+$/u.test(path)) throw new RangeError('a path that no change may have');
    const sum = before === undefined ? 'any' : before === null ? 'absent' : sha256(before);
    if (content !== null) {
      tar.entry({ name: `new/${index}` }, content);
      const config = /^\/etc\/config\/(.+)$/u.exec(path)?.[1];
      if (config !== undefined) tar.entry({ name: `config/${config}` }, content);
    }
    return `${index} ${sum} ${content === null ? '-' : mode} ${path}\n`;
  });
  tar.entry({ name: 'manifest' }, lines.join(''));
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** @returns the digest in hexadecimal, as `sha256sum` prints it. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function applyScript(id: string, { reload }: Change): string {
  return `umask 077
b=/tmp/netpilot; d=$b/${id}
mkdir -p $b || exit 22
exec 9>$b/lock; flock -n 9 || exit 21
mkdir $d $d/old $d/config && tar -xf - -C $d || exit 22
give_up() { rm -rf $d; exit "$1"; }
while read -r n sum mode path; do
if [ "$sum" != any ]; then
have=absent; [ -e "$path" ] && { have=$(sha256sum < "$path"); have=\${have%% *}; }
[ "$sum" = "$have" ] || { echo "$path"; give_up 23; }
fi
case "$path" in /etc/config/*) c=\${path##*/}
[ -s "/tmp/.uci/$c" ] && { echo "$c"; give_up 24; }
[ "$mode" = - ] || uci -q -c $d/config show "$c" >/dev/null || { echo "$c"; give_up 25; };; esac
[ -e "$path" ] && { cp -p "$path" $d/old/$n || give_up 22; }
done < $d/manifest
unload() {
${UNLOAD}
}
step() { case $1 in
load) if [ -x /etc/netpilot/load ]; then /etc/netpilot/load; else unload; rmdir /etc/netpilot; true; fi;;
firewall) /etc/init.d/firewall reload;;
wifi) wifi reload;;
config) reload_config; sleep 1;;
cron) [ -x /etc/init.d/cron ] && /etc/init.d/cron restart; true;;
esac; }
reload() { for s in ${reload.join(' ')}; do step $s || return 1; done 9>&- </dev/null >$d/log 2>&1; }
put() { t="\${3%/*}/.netpilot.tmp"; { [ -d "\${3%/*}" ] || mkdir -p "\${3%/*}"; } && if [ -e "$3" ]; then cp -p "$3" "$t"; else : > "$t" && chmod $2 "$t"; fi && cat "$1" > "$t" && mv "$t" "$3"; }
back() { mkdir $d/decided 2>/dev/null || return 0
while read -r n sum mode path; do
if [ -e $d/old/$n ]; then mkdir -p "\${path%/*}"; cp -p $d/old/$n "\${path%/*}/.netpilot.tmp" && mv "\${path%/*}/.netpilot.tmp" "$path"; else rm -f "$path"; fi
done < $d/manifest
reload; cat $d/log 2>/dev/null; rm -rf $d; }
( trap '' HUP; i=0
while [ $i -lt ${WATCHDOG_SECONDS} ] && [ ! -e $d/undo ]; do sleep 1 9>&-; i=$((i+1)); done
back ) </dev/null >/dev/null 2>&1 &
w=$!; echo $w > $d/watchdog
ok=0
while read -r n sum mode path; do
if [ "$mode" = - ]; then rm -f "$path"; else put $d/new/$n $mode "$path"; fi || { echo "$path could not be written"; ok=1; break; }
done < $d/manifest
[ $ok = 0 ] && reload && exit 0
cat $d/log 2>/dev/null
back >/dev/null 2>&1; kill $w
exit 26`;
}

function confirmScript(id: string): string {
  return `d=/tmp/netpilot/${id}; mkdir $d/decided 2>/dev/null && { kill "$(cat $d/watchdog)"; rm -rf $d; echo confirmed; }`;
}

function undoScript(id: string): string {
  return `d=/tmp/netpilot/${id}; : > $d/undo; i=0
while [ -e $d ] && [ $i -lt 20 ]; do sleep 1; i=$((i+1)); done; [ -e $d ] || echo restored`;
}
