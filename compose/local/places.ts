import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Obstacle } from './obstacle.ts';
import { identify, isAlive } from './processes.ts';

/** The repository. */
export const ROOT = dirname(dirname(import.meta.dirname));

/** Where builds go; kept between runs and shared by them, for they depend on the sources only. */
export const BUILD_DIRECTORY = join(ROOT, '.netpilot', 'build');

export interface Places {
  /** Everything that outlives a run: database, keys, logs. */
  state: string;
  logs: string;
  secrets: string;
  /** Sockets; short, because a socket's path has at most 107 bytes. Made at the start, removed at the end. */
  run: string;
  /** Value of the label `netpilot.instance` of everything this installation makes. */
  instance: string;
}

/** NETPILOT_STATE_DIRECTORY, or `.netpilot` in the repository. */
export function stateDirectory(): string {
  return resolve(ROOT, process.env['NETPILOT_STATE_DIRECTORY'] ?? '.netpilot');
}

/** Makes the directories of an installation and finds its name, which it keeps for ever. */
export async function preparePlaces(state: string): Promise<Places> {
  const places = { state, logs: join(state, 'logs'), secrets: join(state, 'secrets') };
  await mkdir(places.logs, { recursive: true });
  await mkdir(places.secrets, { recursive: true, mode: 0o700 });
  const instance = await keep(join(state, 'instance'), () => `local-${randomBytes(4).toString('hex')}`);
  const writable = await access('/run', constants.W_OK).then(
    () => true,
    () => false,
  );
  return { ...places, instance, run: writable ? `/run/netpilot-${instance}` : join(tmpdir(), `netpilot-${instance}`) };
}

/** @returns the content of `file`, which is made with `make` (mode 0600) when it is missing. */
export async function keep(file: string, make: () => string | Promise<string>): Promise<string> {
  const present = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (present !== '') return present;
  const made = await make();
  await writeFile(file, made, { mode: 0o600 });
  return made;
}

/**
 * Claims the state directory for this process.
 * @param address what a second one is told.
 * @returns what gives it back.
 * @throws Obstacle when another living process has it.
 */
export async function claim(state: string, address: string): Promise<() => Promise<void>> {
  const file = join(state, 'running.json');
  const mine = JSON.stringify({ ...(await identify(process.pid)), address });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await writeFile(file, mine, { flag: 'wx', mode: 0o600 });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = parse(await readFile(file, 'utf8').catch(() => ''));
    if (holder !== null && (await isAlive(holder))) {
      throw new Obstacle(
        `NetPilot Bastion is running already at ${holder.address} (process ${holder.pid}): open that address, or stop it first.`,
      );
    }
    await rm(file, { force: true });
  }
  throw new Obstacle(`${file} changes under our hands: is NetPilot Bastion being started twice?`);
}

function parse(text: string): { pid: number; startedAt: string; address: string } | null {
  try {
    const { pid, startedAt, address } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof startedAt !== 'string' || typeof address !== 'string') return null;
    return { pid, startedAt, address };
  } catch {
    return null;
  }
}
