import { readFile, readdir, readlink } from 'node:fs/promises';

/**
 * Stops every process of the PostgreSQL server on `port` (SIGSTOP): connections stay open and are accepted, and nothing is answered.
 * @returns lets them go on.
 */
export async function freezeDatabase(port: number): Promise<() => void> {
  const frozen: number[] = [];
  // Twice, as the postmaster may start one more before it is stopped itself.
  for (let round = 0; round < 2; round += 1) {
    const workplaces = await workplacesOf(await processes());
    const home = await homeOf(port, workplaces);
    for (const [pid, workplace] of workplaces) {
      if (workplace !== home || frozen.includes(pid)) continue;
      process.kill(pid, 'SIGSTOP');
      frozen.push(pid);
    }
  }
  return () => {
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
  };
}

async function processes(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/u.test(name)).map(Number);
}

/** A server and all that it starts work in its data directory. */
async function workplacesOf(pids: readonly number[]): Promise<Map<number, string>> {
  const places = new Map<number, string>();
  for (const pid of pids) {
    const place = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    if (place !== null) places.set(pid, place);
  }
  return places;
}

async function homeOf(port: number, workplaces: ReadonlyMap<number, string>): Promise<string> {
  for (const [pid, place] of workplaces) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words[0]?.endsWith('/postgres') && words.includes(`port=${port}`)) return place;
  }
  throw new Error(`no server was started on port ${port}`);
}
