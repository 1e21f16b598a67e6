import { EXIT, GUARD } from './run-script.ts';
import { BATCH } from './listing.ts';

/**
 * The commands of the shell road. Values come in as variables and meet the shell in double quotes only; a name never begins a word, so
 * none is taken for an option. `P` is the path, `D` the folder that holds it and `N` its name behind `./`.
 */

/** `Q` is q where `ls` knows it. */
const SETUP = `export LC_ALL=C TZ=UTC0 O=$Q
`;
/** Goes where a folder is or says why not, in the words of `ls`. */
const ENTER = `if ! [ -d "$D" ];then ls -ldL -- "$D" >/dev/null||exit 1;exit ${EXIT.not_directory};fi
cd -P -- "$D"||exit 1
`;
const NOT_THERE = `[ -e "$N" ]||[ -L "$N" ]||{ ls -ld -- "$N" >/dev/null;exit ${EXIT.vanished}; }
`;
/** Nothing may be at `T` unless `R` is 1, and never a folder. */
const ROOM = `if [ "$R" != 1 ]&&{ [ -e "$T" ]||[ -L "$T" ]; };then exit ${EXIT.exists};fi
if [ -d "$T" ];then exit ${EXIT.exists};fi
`;
/** From the temporary name `M` to `T`; goes on only when that did not happen, for then somebody was faster or `mv` has said why. */
const LAND = `if [ "$R" = 1 ];then mv -f -- "$M" "$T";else mv -n -- "$M" "$T";fi
if ! [ -e "$M" ]&&! [ -L "$M" ];then exit 0;fi
`;
const NOT_LANDED = `[ "$R" = 1 ]&&exit 1;exit ${EXIT.exists}`;
const REGULAR = `[ -f "$P" ]||{ [ -d "$P" ]&&exit ${EXIT.is_directory};[ -e "$P" ]&&exit ${EXIT.special};exit 1; }
`;
const BATCHES = `xargs -0 -r -n 400 /bin/sh -c "$B" sh
`;
const batchVariable = `B='${BATCH}'
`;
const oneBatch = `set -- "$P"
${BATCH}`;

export const SCRIPTS = {
  stat: `${SETUP}O=$O$L
${oneBatch}[ -e "$P" ]||[ -L "$P" ]||exit 1`,

  list: `${SETUP}${batchVariable}${ENTER}set -- .
${BATCH}find ./ -mindepth 1 -maxdepth 1 -print0 | ${BATCHES}`,

  search: `${SETUP}${GUARD}${batchVariable}${ENTER}if [ "$D" = / ];then guard find ./ -mindepth 1 \\( -path ./proc -o -path ./sys \\) -prune -o -iname "$G" -print0;else guard find ./ -mindepth 1 -iname "$G" -print0;fi | ${BATCHES}`,

  targets: `${ENTER}for f do readlink -n -- "$f"||:;printf "\\0";done`,

  realPath: `readlink -f -- "$P"||exit ${EXIT.vanished};printf x`,

  /** The whole file, and how it is when it was read. */
  readAll: `${SETUP}O=\${O}L
${oneBatch}${REGULAR}cat -- "$P"||exit 1
ls -ldni$O --full-time -- "$P" >&2`,

  readRange: `${SETUP}O=\${O}L
${oneBatch}${REGULAR}dd if="$P" bs=65536 iflag=skip_bytes,count_bytes skip="$F" count="$C"||exit 1
ls -ldni$O --full-time -- "$P" >&2`,

  follow: `${SETUP}${GUARD}O=\${O}L
${oneBatch}${REGULAR}guard tail -c "$C" -f -- "$P"`,

  tar: `${SETUP}${ENTER}${NOT_THERE}P=$N
${oneBatch}exec tar -cf - -- "$N"`,

  createFolder: `${ENTER}mkdir -- "$N"`,
  createFile: `${ENTER}[ -e "$N" ]||[ -L "$N" ]&&exit ${EXIT.exists}
set -C
: >"$N"`,

  rename: `${ENTER}${NOT_THERE}${ROOM}mv -- "$N" "$M"||{ [ -e "$N" ]&&rm -rf -- "$M";exit 1; }
${LAND}mv -- "$M" "$N"
${NOT_LANDED}`,

  copy: `${GUARD}${ENTER}${NOT_THERE}${ROOM}guard cp -a -- "$N" "$M"||{ rm -rf -- "$M";exit 1; }
${LAND}rm -rf -- "$M"
${NOT_LANDED}`,

  remove: `${GUARD}${ENTER}${NOT_THERE}if [ -d "$N" ]&&! [ -L "$N" ];then
if [ "$R" = 1 ];then guard rm -rf -- "$N";else rmdir -- "$N";fi
else rm -f -- "$N";fi`,

  chmod: `${ENTER}${NOT_THERE}chmod "$X" "$N"`,

  /** Lines of `ls` are counted by their first letter: a name cannot begin one. */
  count: `${SETUP}${GUARD}${ENTER}${NOT_THERE}guard find "$N" -print0 | xargs -0 -r -n 400 ls -ldn$O -- | awk '{n++;if(substr($1,1,1)=="-")s+=$5}END{printf "%d %.0f\\n",n,s}'`,

  sha256: `${GUARD}${REGULAR.replace('exit 1; }', 'ls -ldL -- "$P" >/dev/null;exit 1; }')}guard /bin/sh -c 'exec $2 <"$1"' sh "$P" "$S"`,

  /** Of its folder: the device of a file on an overlay is that of one of its layers, which `df` finds mounted nowhere. */
  space: `if [ -e "$P" ]&&! [ -d "$P" ];then P=\${P%/*}/;fi
df -Pk -- "$P"`,

  openTemporary: `${SETUP}${ENTER}if ! [ -e "$N" ];then umask 077;set -C;: >"$N"||exit 1;fi
if [ -L "$N" ]||! [ -f "$N" ];then exit ${EXIT.special};fi
ls -ldni$O --full-time -- "$N"`,

  /** Written at its place, not behind: a writer that was cut off and is still at it writes what is there already. */
  writeTemporary: `${SETUP}${ENTER}if [ -L "$N" ]||! [ -f "$N" ];then exit ${EXIT.vanished};fi
dd of="$N" bs=65536 seek="$F" conv=notrunc||exit 1
ls -ldni$O --full-time -- "$N"`,

  /**
   * `V` is `nothing`, `anything`, `content` with the checksum in `W`, or `version` with what `ls` must show in `W`. What is as small as
   * configuration is on its disk before it takes its name: it must outlive a power cut.
   */
  replace: `${SETUP}${ENTER}if [ -L "$M" ]||! [ -f "$M" ];then exit ${EXIT.vanished};fi
set -- $(ls -ldn$O -- "$M");[ "$5" = "$Z" ]||exit ${EXIT.offset_mismatch}
s=$($S <"$M")||exit 1;[ "\${s%% *}" = "$H" ]||exit ${EXIT.checksum_mismatch}
[ -z "$U" ]||chown "$U" "$M" 2>/dev/null||X=$Y
chmod "$X" "$M"||exit 1
[ "$Z" -gt 8388608 ]||dd if=/dev/null of="$M" conv=notrunc,fsync 2>/dev/null
if [ -d "$N" ];then exit ${EXIT.is_directory};fi
case $V in
nothing) ln -- "$M" "$N" 2>/dev/null&&{ rm -f -- "$M";exit; }
if [ -e "$N" ]||[ -L "$N" ];then exit ${EXIT.exists};fi;;
content) s=$($S <"$N")||exit ${EXIT.changed};[ "\${s%% *}" = "$W" ]||exit ${EXIT.changed};;
version) set -- $(ls -ldni$O --full-time -- "$N" 2>/dev/null);v="$6 $7 \${8%%.*}";[ "$1 $v" = "$W" ]||[ "- $v" = "$W" ]||exit ${EXIT.changed};;
esac
mv -f -- "$M" "$N"`,

  unpack: `${ENTER}umask 077
mkdir -- "$N"||exit 1
tar -xf - -C "$N"`,

  /** First looks whether all of it can be, then moves whole what is not there yet, then the rest name by name. */
  merge: `${ENTER}cd -P -- "$N"||exit 1
each() { w=$1;shift;find ./ -mindepth 1 "$@" -print0 | xargs -0 -r /bin/sh -c "for f do t=../\\$f;$w;done" sh; }
each 'if [ -L "$t" ]||{ [ -e "$t" ]&&! [ -d "$t" ]; };then exit 255;fi' -type d||exit ${EXIT.unsafe_name}
each 'if [ -d "$t" ];then exit 255;fi' ! -type d||exit ${EXIT.is_directory}
each 'if ! [ -e "$t" ]&&! [ -L "$t" ];then mv -- "$f" "$t"||exit 255;fi' -maxdepth 1||exit 1
each '[ -d "$t" ]||mkdir -- "$t"||exit 255' -type d||exit 1
each 'mv -f -- "$f" "$t"||exit 255' ! -type d||exit 1
cd ..
rm -rf -- "$N"`,

  removeTemporary: `${ENTER}rm -f -- "$N"`,
} as const;
