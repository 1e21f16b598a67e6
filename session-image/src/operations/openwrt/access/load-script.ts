import { type FileChange, UNLOAD } from '../change.ts';

/**
 * `/etc/netpilot/load`: brings the kernel to what the files beside it say. Run after each change and, as an include, after each reload of the
 * firewall; twice is as good as once. With `clock` it does so only when the time zone's offset is another than the last time. It ends with 0 when all that is wanted is in force.
 *
 * Where `tc` cannot do its part (not installed, no module, somebody else's queue in the place) the policers take over.
 */
const LOAD_SCRIPT = `#!/bin/sh
# Part of NetPilot Bastion, which removes it with its reset.
d=/etc/netpilot
exec 8>/tmp/netpilot-load.lock
flock 8
# The kernel compares times of day in UTC: when summer time begins or ends they have to be given anew.
zone=$(date +%z)
[ "$1" = clock ] && [ "$zone" = "$(cat /tmp/netpilot-zone 2>/dev/null)" ] && exit 0
date -k 2>/dev/null
echo "$zone" > /tmp/netpilot-zone
devices() { { ip route; ip -6 route; } 2>/dev/null | sed -n 's/^default .*dev \\([^ ]*\\).*/\\1/p' | sort -u; }
wan=$(devices)
lan=$(ip -o -4 addr show 2>/dev/null | while read -r _ n _; do [ "$n" != lo ] && [ "$(cat "/sys/class/net/$n/type" 2>/dev/null)" = 1 ] && echo "$n"; done | sort -u | while read -r n; do echo "$wan" | grep -qxF "$n" || echo "$n"; done)
unload() {
${UNLOAD}
}
queues() { # device, field of its rate
	case "$(tc qdisc show dev "$1" root 2>/dev/null || tc qdisc show dev "$1")" in
	*"htb 4e50:"*) tc qdisc del dev "$1" root || return 1;;
	*" noqueue "*|*" pfifo_fast "*|*" mq "*|*" fq_codel 0:"*|'') ;;
	*) return 1;;
	esac
	tc qdisc add dev "$1" root handle 4e50: htb || return 1
	while read -r id down up; do
		rate=$down; [ "$2" = up ] && rate=$up
		[ "$rate" = - ] && continue
		packets=$((rate / 160000)); [ $packets -lt 32 ] && packets=32; [ $packets -gt 1000 ] && packets=1000
		tc class add dev "$1" parent 4e50: classid "4e50:$id" htb rate "\${rate}bit" ceil "\${rate}bit" quantum 6000 || return 1
		tc qdisc add dev "$1" parent "4e50:$id" fq_codel 2>/dev/null || tc qdisc add dev "$1" parent "4e50:$id" pfifo limit $packets || return 1
	done < $d/queues
}
shape() {
	command -v tc >/dev/null && [ -n "$wan" ] || return 1
	for n in $lan; do queues "$n" down || return 1; done
	for n in $wan; do queues "$n" up || return 1; done
}
unqueue() { command -v tc >/dev/null && for n in /sys/class/net/*; do n=\${n##*/}; case "$(tc qdisc show dev "$n" 2>/dev/null)" in *"htb 4e50:"*) tc qdisc del dev "$n" root;; esac; done; true; }
names=$(for n in $wan; do printf '%s"%s"' "$s" "$n"; s=', '; done)
failed=0
if [ -s $d/usage.nft ]; then
	{ cat $d/usage.nft; [ -n "$names" ] && echo "add element inet netpilot_usage wan { $names }"; } | nft -f - || failed=1
else nft delete table inet netpilot_usage 2>/dev/null; fi
[ -s $d/policy.nft ] || { unqueue; nft delete table inet netpilot 2>/dev/null; exit $failed; }
engine=policer
if [ -s $d/queues ]; then if shape 2>/dev/null; then engine=htb; else unqueue; fi; else unqueue; fi
strays=$(ip neigh show 2>/dev/null | awk -v f=$d/devices 'BEGIN { while ((getline l < f) > 0) { split(l, p, " "); c[p[1]] = p[2] } }
{ for (i = 1; i < NF; i++) if ($i == "lladdr" && ($(i + 1) in c) && $1 !~ /%/) printf "add element inet netpilot strays%s { %s timeout 2m : goto class%s_stray }\\n", ($1 ~ /:/ ? 6 : 4), $1, c[$(i + 1)] }')
{
	echo 'table inet netpilot'
	echo 'delete table inet netpilot'
	cat $d/limits-$engine.nft $d/policy.nft
	[ -n "$names" ] && echo "add element inet netpilot wan { $names }"
	echo "$strays"
} | nft -f - || exit 1
exit $failed
`;

/** What every change of ours needs on the router: the loader, and a word to `sysupgrade` to keep its folder. */
export const LOADER_FILES: readonly FileChange[] = [
  { path: '/etc/netpilot/load', content: LOAD_SCRIPT, mode: '755' },
  { path: '/lib/upgrade/keep.d/netpilot', content: '/etc/netpilot/\n', mode: '644' },
];
