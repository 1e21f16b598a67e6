import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freePorts } from '@netpilot/control-plane/test/harness/free-ports.ts';
import { makeTestDirectory } from '@netpilot/db/test/test-postgres.ts';
import { docker } from './docker.ts';
import { claim } from './places.ts';
import { isAlive, type ProcessIdentity } from './processes.ts';

let state: string;
let environment: NodeJS.ProcessEnv;
const launchers: ChildProcess[] = [];

beforeEach(async () => {
  // Its files would stay elsewhere if the account of the database server could not walk through it.
  state = await makeTestDirectory();
  const first = await freePorts(40);
  environment = {
    ...process.env,
    NETPILOT_STATE_DIRECTORY: state,
    NETPILOT_PORT: String(first),
    NETPILOT_IDENTITY_PORT: String(first + 1),
    NETPILOT_TUNNEL_PORT: String(first + 2),
    NETPILOT_TUNNEL_PORTS: `${first + 3}-${first + 20}`,
    NETPILOT_EXTERNAL_PORTS: `${first + 21}-${first + 39}`,
    NETPILOT_WARM_POOL: '1',
  };
});
afterEach(async () => {
  for (const launcher of launchers.splice(0)) {
    if (launcher.exitCode !== null || launcher.signalCode !== null) continue;
    launcher.kill('SIGTERM');
    await new Promise((resolve) => {
      launcher.once('exit', resolve);
    });
  }
  await rm(state, { recursive: true, force: true });
});

/** Starts an installation; `said` has its output, `ended` its exit code. */
function launch(): { launcher: ChildProcess; said: () => string; ended: Promise<number | null> } {
  const args = ['--import', 'tsx', join(import.meta.dirname, 'main.ts'), 'start'];
  const launcher = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  launchers.push(launcher);
  let text = '';
  for (const stream of [launcher.stdout, launcher.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    launcher.once('exit', resolve);
  });
  return { launcher, said: () => text, ended };
}

async function untilSaid({ said, launcher }: ReturnType<typeof launch>, words: string): Promise<void> {
  while (!said().includes(words)) {
    if (launcher.exitCode !== null || launcher.signalCode !== null)
      throw new Error(`it ended before "${words}":\n${said()}`);
    await delay(100);
  }
}

/** Containers and networks of this installation. */
async function traces(): Promise<string> {
  const filter = ['--filter', `label=netpilot.instance=${await readFile(join(state, 'instance'), 'utf8')}`];
  return (await docker(['ps', '-aq', ...filter])) + (await docker(['network', 'ls', '-q', ...filter]));
}

const children = async () => JSON.parse(await readFile(join(state, 'processes.json'), 'utf8')) as ProcessIdentity[];

test('an installation starts, survives its own murder and leaves nothing behind', async () => {
  const killed = launch();
  await untilSaid(killed, 'NetPilot Bastion is ready');
  const orphans = await children();
  expect(orphans).toHaveLength(2);
  killed.launcher.kill('SIGKILL');
  await killed.ended;
  expect(await traces()).not.toBe('');

  const second = launch();
  await untilSaid(second, 'NetPilot Bastion is ready');
  for (const orphan of orphans) expect(await isAlive(orphan)).toBe(false);
  const page = await fetch(`http://127.0.0.1:${environment['NETPILOT_PORT']}/`, { headers: { accept: 'text/html' } });
  expect(await page.text()).toContain('<html');

  const beside = launch();
  expect(await beside.ended).toBe(1);
  expect(beside.said()).toContain(`running already at http://127.0.0.1:${environment['NETPILOT_PORT']}`);

  const running = await children();
  second.launcher.kill('SIGTERM');
  second.launcher.kill('SIGINT');
  expect(await second.ended).toBe(0);
  expect(await traces()).toBe('');
  for (const child of running) expect(await isAlive(child)).toBe(false);
  await (
    await claim(state, 'a test')
  )();
}, 600_000);

test('an installation whose gateway dies says so and stops all', async () => {
  const installation = launch();
  await untilSaid(installation, 'NetPilot Bastion is ready');
  const [gateway] = await children();
  if (gateway === undefined) throw new Error('no child process is noted');
  process.kill(gateway.pid, 'SIGKILL');
  expect(await installation.ended).toBe(1);
  expect(installation.said()).toMatch(/The gateway ended by SIGKILL.*gateway\.log/u);
  expect(await traces()).toBe('');
}, 600_000);
