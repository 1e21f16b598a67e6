import { readdir, readFile, rm } from 'node:fs/promises';
import { endProcess, identify, programOf } from './processes.ts';

const DOCKERD_PID = '/var/run/docker.pid';
const CONTAINERD_PID = '/var/run/docker/containerd/containerd.pid';

/**
 * Removes what a dockerd that was killed leaves behind and the next one stumbles over: pid files whose number belongs to another
 * program by now (dockerd believes them), and the containerd that only that dockerd talked to. Does nothing while a dockerd runs.
 */
export async function clearStaleEngineState(): Promise<void> {
  if ((await programNamed(DOCKERD_PID)) === 'dockerd') return;
  await rm(DOCKERD_PID, { force: true });
  for (const pid of await orphanedContainerds()) {
    const process_ = await identify(pid);
    if (process_ !== null) await endProcess(process_, { graceMs: 10_000 });
  }
  if ((await programNamed(CONTAINERD_PID)) !== 'containerd') {
    await rm(CONTAINERD_PID, { force: true });
    for (const name of ['containerd.sock', 'containerd.sock.ttrpc', 'containerd-debug.sock']) {
      await rm(`/var/run/docker/containerd/${name}`, { force: true });
    }
  }
}

async function programNamed(pidFile: string): Promise<string | null> {
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).trim());
  return Number.isInteger(pid) && pid > 0 ? programOf(pid) : null;
}

/** containerd processes that run with dockerd's own configuration; a system-wide containerd is not touched. */
async function orphanedContainerds(): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/u.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const [program = '', ...args] = line.split('\0');
    if (!/(^|\/)containerd$/u.test(program)) continue;
    if (args.some((arg) => arg.startsWith('/var/run/docker/containerd/'))) found.push(Number(name));
  }
  return found;
}
