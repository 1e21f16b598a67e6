import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ServerAccount } from './account.ts';
import type { Places } from './places.ts';
import { servesFrom } from './processes.ts';

const run = promisify(execFile);

/** A pid no kernel gives (Linux stops at 2^22). */
const NO_PID = 2_147_483_646;
const START_ATTEMPTS = 20;

export interface ServerOptions {
  places: Places;
  account: ServerAccount | null;
  /** Fixed port of 127.0.0.1; without it a free one is picked. */
  port?: number;
  /** False trades the data's safety in a power cut for speed. */
  durable: boolean;
}

/** Creates the data directory when there is none; one that was left half made is not taken for whole. */
export async function createCluster({ places, account, durable }: ServerOptions, password: string): Promise<void> {
  if (await exists(path.join(places.data, 'PG_VERSION'))) return;
  const unfinished = `${places.data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const passwordFile = path.join(places.cluster, `password-${randomUUID()}`);
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    if (account) await chown(passwordFile, account.uid, account.gid);
    const options = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'];
    const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const sync = durable ? [] : ['--no-sync'];
    await run(places.initdb, [`--pgdata=${unfinished}`, `--pwfile=${passwordFile}`, ...options, ...locale, ...sync], {
      ...asAccount(places, account),
    });
    await rename(unfinished, places.data);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/**
 * Starts the server apart from this process, its output in `places.log`.
 * @returns its pid and port once it answers.
 * @throws Error with the end of the server's log when it does not start.
 */
export async function startServer(options: ServerOptions): Promise<{ pid: number; port: number }> {
  const { places, account } = options;
  await disownPidFile(places);
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    try {
      const settings = [
        ['port', port],
        ['listen_addresses', '127.0.0.1'],
        ['unix_socket_directories', ''],
        ['max_connections', 200],
        ...(options.durable
          ? []
          : [
              ['fsync', 'off'],
              ['full_page_writes', 'off'],
              ['shared_buffers', '32MB'],
            ]),
      ];
      const flags = settings.map(([name, value]) => `-c ${name}=${value === '' ? "''" : value}`).join(' ');
      await run(places.pgCtl, ['start', '-w', '-t', '120', '-s', '-D', places.data, '-l', places.log, '-o', flags], {
        ...asAccount(places, account),
      });
      const pid = await postmasterPid(places);
      if (pid === null) throw new Error('the server ended right after its start');
      return { pid, port };
    } catch (cause) {
      // Somebody else may have taken the port; processes of a killed server need a moment until they notice and go.
      if (attempt === START_ATTEMPTS) {
        throw new Error(`PostgreSQL did not start:\n${await endOf(places.log)}`, { cause });
      }
      await delay(500);
    }
  }
}

/** Ends the server that works in the data directory, if there is one: connections are cut, data is written. Resolves when it is gone. */
export async function stopServer({ data }: Places): Promise<void> {
  for (const [signal, patience] of [
    ['SIGINT', 60_000],
    ['SIGQUIT', 15_000],
    ['SIGKILL', 15_000],
  ] as const) {
    const pid = await postmasterPid({ data });
    if (pid === null) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    const deadline = Date.now() + patience;
    while (Date.now() < deadline) {
      if (!(await servesFrom(pid, data))) return;
      await delay(20);
    }
  }
  throw new Error('the PostgreSQL server does not end');
}

/** @returns the pid of the server that works in the data directory, null when none does. */
async function postmasterPid({ data }: Pick<Places, 'data'>): Promise<number | null> {
  const pid = Number.parseInt(await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => ''), 10);
  return pid > 0 && (await servesFrom(pid, data)) ? pid : null;
}

/**
 * A killed server leaves its pid file; when its pid is another program's now, the next server takes that one for its rival. The
 * file stays, with a pid of nobody: from the rest of it the server sees whether processes of the dead one still hold its memory.
 */
async function disownPidFile(places: Places): Promise<void> {
  if ((await postmasterPid(places)) !== null) return;
  let file;
  try {
    file = await open(path.join(places.data, 'postmaster.pid'), 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const rest = (await file.readFile('utf8')).split('\n').slice(1);
    const text = Buffer.from([String(NO_PID), ...rest].join('\n'));
    await file.truncate(0);
    await file.write(text, 0, text.length, 0);
  } finally {
    await file.close();
  }
}

function asAccount(places: Places, account: ServerAccount | null) {
  const { PATH, TZ } = process.env;
  return { cwd: places.cluster, env: { PATH, TZ, LC_ALL: 'C' }, ...account };
}

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

async function endOf(log: string): Promise<string> {
  return (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-15).join('\n');
}
