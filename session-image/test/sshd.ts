import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A key of a person, and how the api would sign with it: outside the agent. */
export interface TestKey {
  publicKey: string;
  sign(data: Buffer): Buffer;
}

/** A real OpenSSH server on a loopback port, with a host key and authorised keys of its own. */
export interface TestSshd {
  port: number;
  user: string;
  hostKey: string;
  keys: { ed25519: TestKey; rsa: TestKey; ecdsa: TestKey };
  stop(): Promise<void>;
}

/** Lines for a server whose shell answers, but to nothing that one could use. */
export const SFTP_ALONE = [
  'Subsystem sftp internal-sftp',
  'ForceCommand case "$SSH_ORIGINAL_COMMAND" in internal-sftp) exec /usr/lib/openssh/sftp-server;; *) echo "% Unknown command";; esac',
] as const;

/** @param extra further lines of sshd_config */
export async function startSshd(extra: readonly string[] = []): Promise<TestSshd> {
  const directory = await mkdtemp(join(tmpdir(), 'netpilot-sshd-'));
  const makeKey = (name: string, ...args: string[]) => {
    const file = join(directory, name);
    execFileSync('ssh-keygen', ['-q', '-N', '', '-C', '', '-m', 'PEM', '-f', file, ...args]);
    return file;
  };
  const hostKeyFile = makeKey('host', '-t', 'ed25519');
  const rsa = await readKey(makeKey('rsa', '-t', 'rsa', '-b', '2048'), 'rsa');
  const ecdsa = await readKey(makeKey('ecdsa', '-t', 'ecdsa', '-b', '256'), 'ecdsa');
  const ed25519 = makeEd25519();
  const authorised = join(directory, 'authorized_keys');
  await writeFile(authorised, [ed25519, rsa, ecdsa].map((key) => `${key.publicKey}\n`).join(''), { mode: 0o600 });
  await mkdir('/run/sshd', { recursive: true });
  const home = join(directory, 'home');
  await mkdir(home);
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKeyFile}`,
    `AuthorizedKeysFile ${authorised}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'PrintMotd no',
    'PrintLastLog no',
    'PidFile none',
    'MaxSessions 100',
    'MaxStartups 100',
    ...extra,
    // The first one counts. With root's own home, what this machine has in .bashrc would run before each command, and could wait for ever.
    `SetEnv HOME=${home}`,
  ];
  await writeFile(join(directory, 'config'), `${config.join('\n')}\n`);
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(directory, 'config')], { stdio: 'ignore' });
  await untilListening(port, child);
  return {
    port,
    user: 'root',
    hostKey: publicLine(await readFile(`${hostKeyFile}.pub`, 'utf8')),
    keys: { ed25519, rsa, ecdsa },
    async stop() {
      await stopChild(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Ends a process that a test started and waits for it. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}

/** A key that is nowhere but here. */
export function makeEd25519(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const type = Buffer.from('ssh-ed25519');
  const blob = Buffer.concat([length(type), type, length(raw), raw]);
  return { publicKey: `ssh-ed25519 ${blob.toString('base64')}`, sign: (data) => sign(null, data, privateKey) };
}

async function readKey(file: string, kind: 'rsa' | 'ecdsa'): Promise<TestKey> {
  const privateKey: KeyObject = createPrivateKey(await readFile(file, 'utf8'));
  const publicKey = publicLine(await readFile(`${file}.pub`, 'utf8'));
  return {
    publicKey,
    // The request names its algorithm (RFC 8332); the signer goes by that.
    sign: (data) => sign(kind === 'rsa' && data.includes('rsa-sha2-512') ? 'sha512' : 'sha256', data, privateKey),
  };
}

const publicLine = (text: string) => text.trim().split(' ').slice(0, 2).join(' ');

function length(bytes: Buffer): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(bytes.length);
  return buffer;
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await delay(100);
  }
  throw new Error('sshd does not listen');
}
