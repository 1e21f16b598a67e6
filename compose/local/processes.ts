import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A process told apart from a later one with the same number by when it started. */
export interface ProcessIdentity {
  pid: number;
  /** Start time in clock ticks since boot (`/proc/<pid>/stat`, field 22). */
  startedAt: string;
}

/**
 * Start time of a process as `/proc/<pid>/stat` has it.
 * @returns null for a line that is not one. The command in parentheses may itself hold spaces and parentheses.
 */
export function startTimeOf(stat: string): string | null {
  const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = rest[0];
  const started = rest[19];
  if (!stat.includes(')') || state === undefined || started === undefined || !/^\d+$/u.test(started)) return null;
  // A zombie runs no more; it only waits for its parent.
  return state === 'Z' || state === 'X' ? null : started;
}

/** @returns who `pid` is now, or null when nothing runs under that number. */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  const startedAt = stat === null ? null : startTimeOf(stat);
  return startedAt === null ? null : { pid, startedAt };
}

/** @returns true while exactly this process runs. */
export async function isAlive(process_: ProcessIdentity): Promise<boolean> {
  const now = await identify(process_.pid);
  return now !== null && now.startedAt === process_.startedAt;
}

/** Name of the program that runs as `pid`, at most 15 characters (`/proc/<pid>/comm`); null when none does, or only its zombie is left. */
export async function programOf(pid: number): Promise<string | null> {
  if ((await identify(pid)) === null) return null;
  const comm = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => null);
  return comm === null ? null : comm.trim();
}

/**
 * Ends a process: SIGTERM, and SIGKILL when it still runs after `graceMs` milliseconds. Signals its whole group with `group`.
 * Does nothing when the number belongs to another process by now.
 */
export async function endProcess(
  process_: ProcessIdentity,
  options: { graceMs: number; group?: boolean },
): Promise<void> {
  const target = options.group === true ? -process_.pid : process_.pid;
  if (!(await isAlive(process_))) return;
  signal(target, 'SIGTERM');
  if (await goneWithin(process_, options.graceMs)) return;
  signal(target, 'SIGKILL');
  await goneWithin(process_, 5_000);
}

async function goneWithin(process_: ProcessIdentity, ms: number): Promise<boolean> {
  const end = Date.now() + ms;
  while (await isAlive(process_)) {
    if (Date.now() >= end) return false;
    await delay(50);
  }
  return true;
}

function signal(target: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(target, name);
  } catch {
    // Gone in between.
  }
}
