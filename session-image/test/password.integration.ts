import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ExecResult } from '@netpilot/control-plane/contract/sessions.ts';
import ssh2 from 'ssh2';
import type { AuthContext, Connection } from 'ssh2';
import { startAgent } from '../src/agent.ts';
import type { Agent } from '../src/agent.ts';
import { run } from '../docker.ts';
import { freePort, startSshd, stopChild } from './sshd.ts';
import type { TestSshd } from './sshd.ts';
import { TestLink, until } from './test-link.ts';

const PASSWORD = 'correct horse';
let link: TestLink;
let agent: Agent;
const errors: unknown[] = [];

beforeEach(async () => {
  errors.length = 0;
  link = await TestLink.open();
  await link.openControl();
  await link.openTunnel();
  agent = startAgent({ directory: link.directory, report: (error) => errors.push(error) });
});
afterEach(async () => {
  await agent.stop();
  await link.close();
  expect(errors).toEqual([]);
});

async function connectWith(password: string, hostKey: string, user = 'admin') {
  const authentication = { type: 'password' as const, password };
  const line = { type: 'connect' as const, user, hostKey, algorithms: 'modern' as const, authentication };
  return (await link.connect({ ...line, timeoutMs: 60_000 })).outcome();
}

describe('a password', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const hostKeyPem = privateKey.export({ format: 'pem', type: 'pkcs1' }) as string;
  const parsed = ssh2.utils.parseKey(hostKeyPem);
  if (parsed instanceof Error) throw parsed;
  const hostKey = `ssh-rsa ${parsed.getPublicSSH().toString('base64')}`;
  let server: InstanceType<typeof ssh2.Server>;
  let authenticate: (context: AuthContext) => void;
  const clients = new Set<Connection>();

  beforeAll(async () => {
    server = new ssh2.Server({ hostKeys: [hostKeyPem] }, (client) => {
      clients.add(client);
      client.on('error', () => undefined);
      client.on('authentication', (context) => authenticate(context));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    link.target = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    for (const client of clients) client.end();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  test('lets in, and only the right one', async () => {
    authenticate = (context) =>
      context.method === 'password' && context.password === PASSWORD ? context.accept() : context.reject(['password']);
    expect(await connectWith('wrong', hostKey)).toMatchObject({ finding: 'wrong_credentials' });
    expect(await connectWith(PASSWORD, hostKey)).toMatchObject({ type: 'connected', hostKey });
  });

  test('is given to keyboard-interactive when that is all there is', async () => {
    const methods: string[] = [];
    authenticate = (context) => {
      methods.push(context.method);
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt([{ prompt: 'Password: ', echo: false }], (answers) =>
        answers?.[0] === PASSWORD ? context.accept() : context.reject(),
      );
    };
    expect(await connectWith(PASSWORD, hostKey)).toMatchObject({ type: 'connected' });
    expect(methods).toEqual(['password', 'keyboard-interactive']);
  });

  test('is never given to a question that shows what is typed, nor twice', async () => {
    const given: string[] = [];
    authenticate = (context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      context.prompt([{ prompt: 'Your name: ', echo: true }], (first) => {
        given.push(...(first ?? []));
        context.prompt([{ prompt: 'Password: ', echo: false }], (second) => {
          given.push(...(second ?? []));
          context.prompt([{ prompt: 'And again: ', echo: false }], (third) => {
            given.push(...(third ?? []));
            context.reject();
          });
        });
      });
    };
    expect(await connectWith(PASSWORD, hostKey)).toMatchObject({ finding: 'wrong_credentials' });
    expect(given).toEqual(['', PASSWORD, '']);
  });

  test('is not in what a failure says', async () => {
    authenticate = (context) => context.reject([]);
    expect(JSON.stringify(await connectWith(PASSWORD, hostKey))).not.toContain(PASSWORD);
  });

  test('is not sent to a router with another key', async () => {
    let asked = false;
    authenticate = (context) => {
      asked = true;
      context.accept();
    };
    const other = hostKey.slice(0, 40) + (hostKey[40] === 'A' ? 'B' : 'A') + hostKey.slice(41);
    expect(await connectWith(PASSWORD, other)).toMatchObject({ finding: 'host_key_changed' });
    expect(asked).toBe(false);
  });
});

describe('Dropbear', () => {
  let sshd: TestSshd;
  let directory: string;

  beforeAll(async () => {
    sshd = await startSshd();
    directory = await mkdtemp(join(tmpdir(), 'netpilot-dropbear-'));
  });
  afterAll(async () => {
    await sshd.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test('is spoken to, as OpenWrt has it', async () => {
    const port = await freePort();
    const keyFile = join(directory, 'host');
    await run('dropbearkey', ['-t', 'ed25519', '-f', keyFile]);
    const hostKey = /^ssh-ed25519 \S+/mu.exec(await run('dropbearkey', ['-y', '-f', keyFile]))?.[0] ?? '';
    const args = ['-F', '-E', '-r', keyFile, '-p', `127.0.0.1:${port}`, '-P', join(directory, 'pid')];
    const child = spawn('/usr/sbin/dropbear', args, { stdio: 'ignore' });
    try {
      let open = false;
      await until('Dropbear', () => {
        const socket = connect(port, '127.0.0.1', () => {
          open = true;
          socket.destroy();
        });
        socket.on('error', () => undefined);
        return open;
      });
      link.target = port;
      // Dropbear looks for keys in root's home only, so this goes as far as its refusal: the handshake and the pin hold.
      const line = { type: 'connect' as const, user: 'root', algorithms: 'modern' as const, timeoutMs: 60_000 };
      const authentication = { type: 'signer' as const, publicKey: sshd.keys.ed25519.publicKey };
      const connection = await link.connect({ ...line, hostKey, authentication }, sshd.keys.ed25519);
      expect(await connection.outcome()).toMatchObject({ finding: 'wrong_credentials', hostKey });
      const unpinned = await link.connect({ ...line, hostKey: null, authentication }, sshd.keys.ed25519);
      expect(await unpinned.outcome()).toMatchObject({ finding: 'host_key_unconfirmed', hostKey });
    } finally {
      await stopChild(child);
    }
  });
});

describe('the process', () => {
  test('serves, and ends at once when told', async () => {
    const own = await TestLink.open();
    const env = { ...process.env, NETPILOT_SESSION_DIRECTORY: own.directory, NODE_OPTIONS: '' };
    const args = ['--import', 'tsx', new URL('../src/main.ts', import.meta.url).pathname];
    const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
    try {
      const sshd = await startSshd();
      own.target = sshd.port;
      await own.openTunnel();
      await own.openControl();
      try {
        const authentication = { type: 'signer' as const, publicKey: sshd.keys.ed25519.publicKey };
        const line = { type: 'connect' as const, user: 'root', hostKey: sshd.hostKey, algorithms: 'modern' as const };
        const connection = await own.connect({ ...line, authentication, timeoutMs: 60_000 }, sshd.keys.ed25519);
        expect(await connection.outcome()).toMatchObject({ type: 'connected' });
        const { body } = await own.request('POST', '/v1/exec', { command: 'echo hi' });
        expect(ExecResult.parse(body).stdout).toBe('hi\n');
      } finally {
        await sshd.stop();
      }
      const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])));
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    } finally {
      await stopChild(child);
      await own.close();
    }
  });
});
