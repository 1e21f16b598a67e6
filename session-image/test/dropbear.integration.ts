import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { ensureDemoRouterImage } from '@netpilot/compose/demo-router/image.ts';
import { type DemoRouter, startDemoRouter } from '@netpilot/compose/demo-router/router.ts';
import { collect } from '../src/exec/run-command.ts';
import { connectRouter } from '../src/ssh/connect.ts';
import type { RouterConnection } from '../src/ssh/router-connection.ts';
import { TestLink } from './test-link.ts';

const PASSWORD = 'only for this test';
/** Commands asked for at once, and how often; without turns the connection was lost within the first rounds. */
const AT_ONCE = 8;
const ROUNDS = 20;

let router: DemoRouter;
let link: TestLink;
let connection: RouterConnection;

beforeAll(async () => {
  await ensureDemoRouterImage();
  router = await startDemoRouter({ name: 'turns', instance: `test-turns-${process.pid}`, password: PASSWORD });
  link = await TestLink.open();
  link.target = (socket) => {
    const there = connect(22, router.address);
    there.on('error', () => undefined);
    there.once('connect', () => socket.pipe(there).pipe(socket));
    there.once('close', () => socket.destroy());
    socket.once('close', () => there.destroy());
  };
  await link.openTunnel();
  const { output } = await router.exec('dropbearkey -y -f /etc/dropbear/dropbear_ed25519_host_key | grep ^ssh-ed25519');
  connection = await connectRouter(
    {
      directory: link.directory,
      user: 'root',
      hostKey: output.trim().split(' ').slice(0, 2).join(' '),
      algorithms: 'modern',
      credentials: { type: 'password', password: PASSWORD },
      timeoutMs: 60_000,
      keepaliveMs: 15_000,
    },
    new AbortController().signal,
  );
});
afterAll(async () => {
  connection?.end('The test is over.');
  await link?.close();
  await router?.stop();
});

test('commands that end while others begin leave the connection standing', async () => {
  const run = async (n: number) => {
    const channel = await connection.openExec(`/usr/libexec/demo/bin/usleep ${(n % 7) * 3_000}; echo ${n}`);
    const { stdout, exitCode } = await collect(channel, { timeoutSeconds: 60, maxBytes: 100 }, 0);
    return [exitCode, Buffer.concat(stdout).toString('utf8')];
  };
  for (let round = 0; round < ROUNDS; round++) {
    const numbers = Array.from({ length: AT_ONCE }, (_, n) => round * AT_ONCE + n);
    expect(await Promise.all(numbers.map(run))).toEqual(numbers.map((n) => [0, `${n}\n`]));
  }
  expect(connection.alive).toBe(true);
});
