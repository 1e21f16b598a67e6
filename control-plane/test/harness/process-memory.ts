import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** @returns resident memory of a process, now (`VmRSS`) or at its most (`VmHWM`), in MB (`/proc/<pid>/status`, proc(5)). */
export function residentMb(pid: number, which: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${which}:\\s+(\\d+) kB$`, 'mu').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} does not say what memory it has`);
  return Number(kilobytes) / 1_024;
}

/** @returns the pid of a sandbox's agent, which is the child of the process that reaps. */
export function agentPid(containerId: string): number {
  const ask = ['inspect', '--format', '{{.State.Pid}}', containerId];
  const first = execFileSync('docker', ask, { encoding: 'utf8', timeout: 60_000 }).trim();
  const [agent] = readFileSync(`/proc/${first}/task/${first}/children`, 'utf8').trim().split(' ');
  return Number(agent);
}

/** @returns the pids of the processes whose command line has this in it, zombies left out. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}
