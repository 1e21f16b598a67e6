import { readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, dockerCommand } from './docker.ts';

/** How the directory of a run of the tests is called, below the system's one for temporary files. */
export const TEMPORARY_PREFIX = 'nptest-';

/** No run of the tests takes longer, in milliseconds: a container of theirs that is older belongs to one that was killed. */
const OLDEST_RUN = 40 * 60_000;

/** One container with a label of ours, as `docker ps` tells it. */
export interface FoundContainer {
  id: string;
  instance: string;
  state: string;
  createdAt: Date;
}

/**
 * Containers of runs that are over: those of tests that are too old, all of them when nothing can have survived (`isFreshEngine`: we
 * started the engine just now), and every one that has stopped, for we never start a container again.
 */
export function deadAmong(containers: readonly FoundContainer[], now: Date, isFreshEngine: boolean): FoundContainer[] {
  return containers.filter((container) => {
    const age = now.getTime() - container.createdAt.getTime();
    if (/^[a-z]*test-/u.test(container.instance)) return isFreshEngine || age > OLDEST_RUN;
    return container.state === 'exited' && (isFreshEngine || age > OLDEST_RUN);
  });
}

/** Removes what {@link deadAmong} finds. */
export async function removeDeadContainers(isFreshEngine: boolean): Promise<void> {
  const format = '{{.ID}}\t{{.Label "netpilot.instance"}}\t{{.State}}\t{{.CreatedAt}}';
  const listing = await docker(['ps', '-a', '--no-trunc', '--filter', 'label=netpilot.instance', '--format', format]);
  const dead = deadAmong(listing.split('\n').flatMap(parseContainer), new Date(), isFreshEngine);
  if (dead.length > 0) await dockerCommand(['rm', '-fv', ...dead.map((container) => container.id)]);
}

/** A line of the listing above; the time looks like `2026-11-21 12:08:53 +0000 UTC`. */
export function parseContainer(line: string): FoundContainer[] {
  const [id, instance, state, created] = line.split('\t');
  const time = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)/u.exec(created ?? '');
  if (!id || instance === undefined || state === undefined || time === null) return [];
  return [{ id, instance, state, createdAt: new Date(`${time[1]}T${time[2]}${time[3]}:${time[4]}`) }];
}

/** Removes the directories of runs that were killed. */
export async function removeDeadDirectories(now: Date): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue;
    const path = join(tmpdir(), name);
    const made = await stat(path).catch(() => null);
    if (made === null || now.getTime() - made.birthtimeMs < OLDEST_RUN) continue;
    await rm(path, { recursive: true, force: true });
  }
}
