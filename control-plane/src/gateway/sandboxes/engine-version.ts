/** What the engine says of itself; `runtime` is runc's version, null when the engine names another runtime or none. */
export interface EngineVersions {
  readonly engine: string;
  readonly runtime: string | null;
}

/** Ways out of a container through runc, and from which version on each of the lines is mended. */
const ESCAPES: readonly { name: string; mended: readonly string[] }[] = [
  { name: 'CVE-2024-21626', mended: ['1.1.12'] },
  { name: 'CVE-2025-31133', mended: ['1.2.8', '1.3.3', '1.4.0-rc.3'] },
];

/** Major, minor, patch, and the number of the release candidate, which comes before the release. */
type Version = readonly [number, number, number, number];

/**
 * Reads the leading `1.2.3` or `1.2.3-rc.4` of a version; what distributions append (`+ds1`, `~deb12u1`, `-0ubuntu1`) says nothing here.
 * @returns null when it does not begin with a version.
 */
export function readVersion(text: string): Version | null {
  const match = /^v?(\d{1,5})\.(\d{1,5})\.(\d{1,5})(?:[-~]rc\.?(\d{1,5}))?(?!\d)/u.exec(text.trim());
  if (match === null) return null;
  const [major, minor, patch] = match.slice(1, 4).map(Number);
  return [major ?? 0, minor ?? 0, patch ?? 0, match[4] === undefined ? Number.POSITIVE_INFINITY : Number(match[4])];
}

/**
 * Names the known escapes that a runtime of this version is open to. Only the version is looked at: a distribution may have mended an
 * older one, which only its changelog tells.
 * @returns the CVE numbers, `an unknown runtime version` when there is none to judge, or nothing.
 */
export function escapesOf({ runtime }: EngineVersions): string[] {
  const version = runtime === null ? null : readVersion(runtime);
  if (version === null) return ['an unknown runtime version'];
  return ESCAPES.filter(
    ({ mended }) => !mended.some((from, at) => isMendedBy(version, from, at === mended.length - 1)),
  ).map(({ name }) => name);
}

/** A fix holds in its own line (major and minor); the last one of a list in every newer line as well. */
function isMendedBy(version: Version, text: string, last: boolean): boolean {
  const from = readVersion(text);
  if (from === null || compare(version, from) < 0) return false;
  return last || (version[0] === from[0] && version[1] === from[1]);
}

function compare(one: Version, other: Version): number {
  for (const [index, number] of one.entries()) {
    const difference = number - (other[index] ?? 0);
    // Two releases that are no candidates: infinity minus infinity.
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}
