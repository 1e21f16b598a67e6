import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { serverAccount } from '../embedded/account.ts';
import { servesFrom } from '../embedded/processes.ts';
import { startEmbeddedPostgres } from '../embedded.ts';
import type { EmbeddedPostgres } from '../embedded.ts';
import { asRole } from './tenant.ts';
import { makeTestDirectory } from './test-postgres.ts';
import { waitFor } from './wait-for.ts';

let directory: string;
let data: string;
const servers: EmbeddedPostgres[] = [];
const children: ChildProcessByStdio<null, Readable, null>[] = [];

beforeEach(async () => {
  directory = await makeTestDirectory();
  data = path.join(directory, 'cluster', 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  // The last one first: an earlier one of the same directory has stopped, and its data are the last one's.
  for (const server of servers.splice(0).toReversed()) await server.destroy();
  await rm(directory, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
});

async function start(where = directory): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ directory: where, durable: false });
  servers.push(server);
  return server;
}

/** A process of its own that runs a server; resolves when the server answers. */
async function startChild(account: { uid?: number; gid?: number } = {}) {
  const script = path.join(import.meta.dirname, 'embedded-child.ts');
  const { PATH } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH, TMPDIR: directory },
    ...account,
  });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, ownerUrl: (JSON.parse(line) as { ownerUrl: string }).ownerUrl };
}

const remember = (url: string) => asRole(url, {}, (client) => client.query('create table kept as select 42 as answer'));
const recall = async (url: string) => (await asRole(url, {}, (client) => client.query('select answer from kept'))).rows;
const serverPid = async () => Number.parseInt(await readFile(path.join(data, 'postmaster.pid'), 'utf8'), 10);

test('keeps its data over a stop, and is reached on the loopback address only', async () => {
  const first = await start();
  await remember(first.ownerUrl);
  const pid = await serverPid();
  const { rows } = await asRole(first.superuserUrl, {}, (client) =>
    client.query(
      `select current_setting('listen_addresses') as tcp, current_setting('unix_socket_directories') as local`,
    ),
  );
  expect(rows).toEqual([{ tcp: '127.0.0.1', local: '' }]);
  expect((await stat(path.join(directory, 'passwords.json'))).mode & 0o777).toBe(0o600);
  await first.stop();
  await first.stop();
  expect(await servesFrom(pid, data)).toBe(false);
  const second = await start();
  expect(await recall(second.ownerUrl)).toEqual([{ answer: 42 }]);
  expect(new URL(second.apiUrl).password).toBe(new URL(first.apiUrl).password);
});

test('is not taken away from a living process', async () => {
  const first = await start();
  await expect(startEmbeddedPostgres({ directory })).rejects.toThrow(`in use by process ${process.pid}`);
  expect(await asRole(first.apiUrl, {}, (client) => client.query('select 1 as one'))).toMatchObject({ rowCount: 1 });
});

test('ends with a killed process, and starts again with its data', async () => {
  const { child, ownerUrl } = await startChild();
  await remember(ownerUrl);
  const pid = await serverPid();
  expect(await servesFrom(pid, data)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await waitFor(async () => !(await servesFrom(pid, data)), 'the server to end');
  expect(await recall((await start()).ownerUrl)).toEqual([{ answer: 42 }]);
});

test('a start right after a kill takes over from what is left', async () => {
  const { child, ownerUrl } = await startChild();
  await remember(ownerUrl);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await recall((await start()).ownerUrl)).toEqual([{ answer: 42 }]);
});

test('a killed server leaves nothing that is in the way', async () => {
  const first = await start();
  await remember(first.ownerUrl);
  process.kill(await serverPid(), 'SIGKILL');
  await first.stop();
  expect(await recall((await start()).ownerUrl)).toEqual([{ answer: 42 }]);
});

test('a pid file that names another program now is no obstacle, and that program is left alone', async () => {
  const first = await start();
  await remember(first.ownerUrl);
  const pidFile = path.join(data, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8')).split('\n');
  await first.stop();
  // Of the server's own account: the only kind that PostgreSQL takes for a rival.
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore', ...(await serverAccount()) });
  try {
    await writeFile(pidFile, [String(stranger.pid), ...lines.slice(1)].join('\n'));
    const owner = await stat(data);
    await chown(pidFile, owner.uid, owner.gid);
    expect(await recall((await start()).ownerUrl)).toEqual([{ answer: 42 }]);
    expect(stranger.signalCode).toBeNull();
  } finally {
    stranger.kill('SIGKILL');
  }
});

test('works in a directory that the account of the server cannot reach', async () => {
  const shut = await mkdtemp(path.join(tmpdir(), 'netpilot-shut-'));
  try {
    const server = await start(path.join(shut, 'postgres'));
    expect(await asRole(server.apiUrl, {}, (client) => client.query('select 1 as one'))).toMatchObject({ rowCount: 1 });
    await server.destroy();
    expect(await readdir(shut)).toEqual([]);
    expect((await stat(shut)).mode & 0o777).toBe(0o700);
  } finally {
    await rm(shut, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  }
});

test('runs for who is not root', async () => {
  const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (account.uid !== undefined) await chown(directory, account.uid, account.gid);
  const { child, ownerUrl } = await startChild(account);
  await remember(ownerUrl);
  expect((await stat(data)).uid).toBe(account.uid ?? process.getuid?.());
  const pid = await serverPid();
  child.kill('SIGTERM');
  await once(child, 'exit');
  await waitFor(async () => !(await servesFrom(pid, data)), 'the server to end');
});

test('databases made from the template are migrated, empty and apart from each other', async () => {
  const server = await start();
  const [one, two] = await Promise.all([server.freshDatabase(), server.freshDatabase()]);
  const add = `insert into users (issuer, subject, name) values ('i', 's', 'n')`;
  await asRole(one.apiUrl, {}, (client) => client.query(add));
  const count = async (url: string) =>
    (await asRole(url, {}, (client) => client.query('select count(*)::integer as count from users'))).rows[0].count;
  expect([await count(one.apiUrl), await count(two.apiUrl)]).toEqual([1, 0]);
  await one.drop();
  await expect(count(one.apiUrl)).rejects.toMatchObject({ code: '3D000' });
});

test('a half-made data directory is made anew', async () => {
  await mkdir(`${data}.unfinished/base`, { recursive: true });
  const server = await start();
  await remember(server.ownerUrl);
  expect(await recall(server.ownerUrl)).toEqual([{ answer: 42 }]);
});
