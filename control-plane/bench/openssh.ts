import { type ChildProcessWithoutNullStreams, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestRouter } from '../test/harness/router.ts';

const run = promisify(execFile);
/** No command of a measure takes longer, in milliseconds. */
const PATIENCE_MS = 120_000;

/** The OpenSSH client on its way to a router through the router's tunnel port: what everything is compared with. */
export class OpenSsh {
  readonly #arguments: readonly string[];

  /** Gives the router a key to let this client in. */
  constructor(router: Pick<TestRouter, 'directory' | 'port'>) {
    const key = join(router.directory, 'person_key');
    if (!existsSync(key)) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key], { timeout: 20_000 });
      appendFileSync(join(router.directory, 'authorized_keys'), readFileSync(`${key}.pub`));
    }
    const knownHosts = join(router.directory, 'person_known_hosts');
    const hostKey = readFileSync(join(router.directory, 'host_key.pub'), 'utf8').trim();
    writeFileSync(knownHosts, `[127.0.0.1]:${router.port} ${hostKey}\n`);
    const options = [
      'BatchMode=yes',
      'IdentitiesOnly=yes',
      'StrictHostKeyChecking=yes',
      `UserKnownHostsFile=${knownHosts}`,
    ];
    const base = ['-F', 'none', '-i', key, '-p', String(router.port), '-l', 'root'];
    this.#arguments = [...base, ...options.flatMap((option) => ['-o', option])];
  }

  /** Starts the client with a terminal; the caller ends it. @param command null for the login shell. */
  terminal(command: string | null): ChildProcessWithoutNullStreams {
    return spawn('ssh', [...this.#arguments, '-tt', '127.0.0.1', ...(command === null ? [] : [command])]);
  }

  /** From starting the client to the first byte of the login shell's prompt, in milliseconds. */
  async toPrompt(): Promise<number> {
    const since = performance.now();
    const client = this.terminal(null);
    try {
      await once(client.stdout, 'data', { signal: AbortSignal.timeout(PATIENCE_MS) });
      return performance.now() - since;
    } finally {
      await endClient(client);
    }
  }

  /** Runs a command with its output thrown away on this side, as `ssh … > /dev/null` does. */
  async discard(command: string, options: readonly string[] = []): Promise<void> {
    const client = spawn('ssh', [...this.#arguments, ...options, '127.0.0.1', command], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [code] = (await once(client, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [number | null];
    if (code !== 0) throw new Error(`ssh ended with ${code}`);
  }

  /** Runs a command with a local file as its input. */
  async send(file: string, command: string): Promise<void> {
    const input = openSync(file, 'r');
    try {
      const client = spawn('ssh', [...this.#arguments, '127.0.0.1', command], { stdio: [input, 'ignore', 'ignore'] });
      const [code] = (await once(client, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [number | null];
      if (code !== 0) throw new Error(`ssh ended with ${code}`);
    } finally {
      closeSync(input);
    }
  }

  /** Runs one line of OpenSSH's `sftp`. */
  async sftp(line: string): Promise<void> {
    const port = this.#arguments[this.#arguments.indexOf('-p') + 1] ?? '';
    const options = this.#arguments.filter(
      (word) => word !== '-p' && word !== port && word !== '-l' && word !== 'root',
    );
    const client = spawn('sftp', [...options, '-P', port, '-b', '-', 'root@127.0.0.1'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    client.stdin.end(`${line}\n`);
    const [code] = (await once(client, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [number | null];
    if (code !== 0) throw new Error(`sftp ended with ${code}`);
  }

  async run(command: string): Promise<string> {
    return (await run('ssh', [...this.#arguments, '127.0.0.1', command], { timeout: PATIENCE_MS })).stdout;
  }
}

/** Ends a client and waits until it is gone. */
export async function endClient(client: ChildProcessWithoutNullStreams): Promise<void> {
  if (client.exitCode !== null || client.signalCode !== null) return;
  const gone = once(client, 'exit');
  client.kill('SIGKILL');
  await gone;
}
