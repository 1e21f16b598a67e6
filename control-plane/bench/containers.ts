import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
const ENGINE = '/var/run/docker.sock';
const Assigned = z.object({ sessionId: z.string(), containerId: z.string() });

/** The container of a session, from what the gateway notes beside it. @throws Error when there is none. */
export async function containerOf(runDirectory: string, sessionId: string): Promise<string> {
  const assignments = join(runDirectory, 'assignments');
  for (const name of await readdir(assignments)) {
    if (!name.endsWith('.json')) continue;
    const assigned = Assigned.parse(JSON.parse(await readFile(join(assignments, name), 'utf8')));
    if (assigned.sessionId === sessionId) return assigned.containerId;
  }
  throw new Error('the session has no container');
}

/** Asks the engine whether it still knows a container. */
export function isThere(containerId: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: ENGINE, path: `/containers/${containerId}/json` }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode !== 404));
      response.once('error', reject);
    });
    call.once('error', reject);
    call.end();
  });
}

/**
 * Memory of all processes of a container in bytes, what the kernel holds for them (sockets, page tables, stacks) included, less the file
 * cache that nobody used lately: that is what `docker stats` shows as well.
 */
export async function memoryOf(containerId: string): Promise<number> {
  const { stdout } = await run('docker', ['inspect', '--format', '{{.State.Pid}}', containerId], { timeout: 20_000 });
  const groups = await readFile(`/proc/${stdout.trim()}/cgroup`, 'utf8');
  const legacy = /^\d+:memory:(.*)$/mu.exec(groups)?.[1];
  const unified = /^0::(.*)$/mu.exec(groups)?.[1];
  const directory =
    legacy === undefined ? join('/sys/fs/cgroup', unified ?? '') : join('/sys/fs/cgroup/memory', legacy);
  const usage = legacy === undefined ? 'memory.current' : 'memory.usage_in_bytes';
  const inactive = legacy === undefined ? 'inactive_file' : 'total_inactive_file';
  const statistics = await readFile(join(directory, 'memory.stat'), 'utf8');
  const unused = Number(new RegExp(`^${inactive} (\\d+)$`, 'mu').exec(statistics)?.[1]);
  return Number(await readFile(join(directory, usage), 'utf8')) - unused;
}
