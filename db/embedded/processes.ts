import { readFile, readlink } from 'node:fs/promises';

/** When a process started, in clock ticks since boot (proc_pid_stat(5), field 22): tells a reused pid apart. Null when it is gone. */
export async function startTime(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie does nothing any more; only its parent has not looked yet.
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** Whether the process is a PostgreSQL server that works in `data`: a postmaster changes into its data directory. */
export async function servesFrom(pid: number, data: string): Promise<boolean> {
  try {
    const [cwd, name] = await Promise.all([readlink(`/proc/${pid}/cwd`), readFile(`/proc/${pid}/comm`, 'utf8')]);
    return cwd === data && name.trim() === 'postgres' && (await startTime(pid)) !== null;
  } catch {
    return false;
  }
}
