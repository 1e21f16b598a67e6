import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import ssh2 from 'ssh2';
import type { ServerChannel } from 'ssh2';
import { startAgent } from '../src/agent.ts';
import type { Agent } from '../src/agent.ts';
import { TestAttachment } from './test-attachment.ts';
import { TestLink, until } from './test-link.ts';

/** What ssh2 knows of the window that the other side granted; a router may do as if it were endless. */
type Outgoing = { outgoing: { window: number } };

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const hostKeyPem = privateKey.export({ format: 'pem', type: 'pkcs1' }) as string;
const parsed = ssh2.utils.parseKey(hostKeyPem);
if (parsed instanceof Error) throw parsed;
const hostKey = `ssh-rsa ${parsed.getPublicSSH().toString('base64')}`;

let link: TestLink;
let agent: Agent;
let server: InstanceType<typeof ssh2.Server>;
let shells: ServerChannel[];
const errors: unknown[] = [];

beforeEach(async () => {
  shells = [];
  errors.length = 0;
  server = new ssh2.Server({ hostKeys: [hostKeyPem] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('session', (acceptSession) => {
      const session = acceptSession();
      session.on('pty', (accept) => accept?.());
      session.on('shell', (accept) => shells.push(accept()));
      session.on('exec', (_accept, reject) => reject?.());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  link = await TestLink.open();
  link.target = (server.address() as AddressInfo).port;
  await link.openControl();
  await link.openTunnel();
  agent = startAgent({ directory: link.directory, report: (error) => errors.push(error) });
});
afterEach(async () => {
  await agent.stop();
  await link.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect(errors).toEqual([]);
});

async function connect() {
  const authentication = { type: 'password' as const, password: 'any' };
  const line = { type: 'connect' as const, user: 'admin', hostKey, algorithms: 'modern' as const, authentication };
  const connection = await link.connect({ ...line, timeoutMs: 60_000 });
  expect(await connection.outcome()).toMatchObject({ type: 'connected' });
  return connection;
}

async function openShell(): Promise<ServerChannel> {
  const before = shells.length;
  expect(await link.request('POST', '/v1/terminals', { cols: 80, rows: 24 })).toMatchObject({ status: 201 });
  return until('the shell', () => shells[before]);
}

test('a router that sends past its window is cut off, and the agent goes on', async () => {
  const connection = await connect();
  const shell = await openShell();
  (shell as unknown as Outgoing).outgoing.window = 1_000_000_000;
  // Not a divisor of the window: ssh2 drops what comes at exactly zero.
  for (let count = 0; count < 400; count++) shell.write(Buffer.alloc(30_011));
  await connection.lost();
  expect(connection.reports.at(-1)).toEqual({ type: 'lost', detail: 'The router sent more than it was allowed to.' });
  await connect();
  await openShell();
  expect(link.links).toBe(1);
});

test('a refused command is the router’s refusal', async () => {
  await connect();
  expect(await link.request('POST', '/v1/exec', { command: 'true' })).toMatchObject({
    status: 502,
    body: { code: 'router_refused' },
  });
});

test('an attachment that never reads or acknowledges holds nothing but its own window', async () => {
  await connect();
  const shell = await openShell();
  const deaf = new TestAttachment(await link.linked(), 1, { acknowledge: false });
  await until('the attachment', () => deaf.attached);
  deaf.stream.pause();
  for (let count = 0; count < 400; count++) shell.write(Buffer.alloc(30_000));
  const other = await openShell();
  const reader = new TestAttachment(await link.linked(), 2);
  other.write('still here');
  await reader.sees('still here');
  const taker = new TestAttachment(await link.linked(), 1);
  await until('all of it', () => taker.offset === 12_000_000);
  expect(link.links).toBe(1);
});
