import { readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { command, isInstalled } from './command.ts';
import { Obstacle } from './obstacle.ts';

/** Where progress goes, one line at a time. */
export type Log = (line: string) => void;

/** Free disk space that the first start needs: packages, images, database, builds. In bytes. */
export const NEEDED_DISK = 3 * 1024 ** 3;

const APT = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];

/** @throws Obstacle when this is not Linux with /proc: everything here stands on its namespaces. */
export function requireLinux(): void {
  if (process.platform === 'linux') return;
  throw new Obstacle(
    'NetPilot Bastion runs on Linux only: start it on a Debian machine or in a Linux virtual machine.',
  );
}

/**
 * @throws Obstacle when the file system of `directory` has less than `needed` bytes free.
 */
export async function requireDiskSpace(directory: string, needed: number = NEEDED_DISK): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= needed) return;
  const gib = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
  throw new Obstacle(
    `${directory} has ${gib(free)} GB free and ${gib(needed)} GB are needed: free some disk space and start again.`,
  );
}

/**
 * @throws Obstacle naming the port and `variable` when something listens on it already.
 */
export async function requireFreePort(host: string, port: number, variable: string): Promise<void> {
  const taken = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
  if (taken === null) return;
  if (taken.code === 'EACCES')
    throw new Obstacle(`Port ${port} may not be opened by this user: set ${variable} to another one.`);
  throw new Obstacle(
    `Port ${port} on ${host} is taken by another program: stop that or set ${variable} to a free port.`,
  );
}

/** @returns those of `names` that dpkg does not have installed. */
export async function missingPackages(names: readonly string[]): Promise<string[]> {
  const result = await command('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...names]).catch(
    () => null,
  );
  const installed = new Set(
    (result?.stdout ?? '')
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.slice(0, line.indexOf(' '))),
  );
  return names.filter((name) => !installed.has(name));
}

/**
 * Installs those Debian packages that are missing, in one run of apt-get, without recommendations. A second caller waits for the lock.
 * @throws Obstacle without the right to install, off Debian, with a full disk, or when apt-get fails; the sentence says what to do.
 */
export async function ensurePackages(names: readonly string[], log: Log = () => {}): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  await requireApt(missing);
  await requireDiskSpace('/', 1024 ** 3);
  log(`Installing ${missing.join(', ')}`);
  const first = await aptGet(['install', '-y', '--no-install-recommends', ...missing]);
  if (first === null) return;
  // The lists may be missing or older than the archive.
  await aptGet(['update']);
  const second = await aptGet(['install', '-y', '--no-install-recommends', ...missing]);
  if (second === null) return;
  throw new Obstacle(
    `apt-get could not install ${missing.join(', ')} (${second}): run "apt-get update && apt-get install ${missing.join(' ')}" and see what it says.`,
  );
}

/**
 * Runs apt-get without questions.
 * @returns null on success, else the line that says why not.
 */
export async function aptGet(args: readonly string[], timeoutMs = 900_000): Promise<string | null> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const result = await command('apt-get', [...APT, ...args], { timeoutMs, env, uninterruptible: true });
  if (result.code === 0) return null;
  if (result.timedOut) return 'it did not end in time';
  return reasonIn(`${result.stdout}\n${result.stderr}`);
}

/** The last line of apt-get's output that is an error, or its last line. */
export function reasonIn(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (lines.findLast((line) => line.startsWith('E: ')) ?? lines.at(-1) ?? 'no output')
    .replace(/^E: /u, '')
    .slice(0, 300);
}

/** @throws Obstacle when apt-get cannot install `wanted` here. */
async function requireApt(wanted: readonly string[]): Promise<void> {
  const list = wanted.join(' ');
  if (!(await isInstalled('apt-get'))) {
    const name = /^PRETTY_NAME="?([^"\n]*)/mu.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1];
    throw new Obstacle(
      `${name ?? 'This system'} has no apt-get: install the equivalents of ${list} yourself and start again.`,
    );
  }
  if (process.getuid?.() !== 0)
    throw new Obstacle(`Installing ${list} needs root: run "sudo apt-get install ${list}" or start with sudo.`);
}
