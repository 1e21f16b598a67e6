import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Obstacle } from './obstacle.ts';
import { endProcess, identify, type ProcessIdentity } from './processes.ts';

export interface ServiceOptions {
  name: string;
  /** Arguments of Node: the program and its own. */
  args: readonly string[];
  /** Added to a minimal environment. */
  env: Record<string, string>;
  logFile: string;
  cwd?: string;
  /** Called once when it ends without being asked. */
  onLost: (problem: Obstacle) => void;
}

/** A child process of the launcher, in a process group of its own, with its output in a file. */
export class Service {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  #asked = false;
  #lost: Obstacle | null = null;

  private constructor(options: ServiceOptions, child: ChildProcess, identity: ProcessIdentity) {
    this.name = options.name;
    this.identity = identity;
    this.#child = child;
    this.#logFile = options.logFile;
    child.once('exit', (code, signal) => {
      if (this.#asked) return;
      void this.#lastWords().then((words) => {
        const how = signal === null ? `with code ${code}` : `by ${signal}`;
        this.#lost = new Obstacle(`The ${this.name} ended ${how}${words}; its log is ${this.#logFile}.`);
        options.onLost(this.#lost);
      });
    });
  }

  /** Starts it; it may not be ready yet. */
  static async start(options: ServiceOptions): Promise<Service> {
    const log = await open(options.logFile, 'w', 0o600);
    try {
      const child = spawn(process.execPath, options.args, {
        cwd: options.cwd,
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', NODE_ENV: 'production', ...options.env },
        // Its own group: Ctrl-C reaches the launcher alone, which stops everything in order.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      const pid = child.pid ?? 0;
      return new Service(options, child, (await identify(pid)) ?? { pid, startedAt: 'gone' });
    } finally {
      await log.close();
    }
  }

  /**
   * Waits until `isReady` says so, at most `limitMs` milliseconds.
   * @throws Obstacle when it ends before, or does not become ready; the signal's reason when that is aborted.
   */
  async ready(isReady: () => Promise<boolean>, signal: AbortSignal, limitMs = 90_000): Promise<void> {
    const end = Date.now() + limitMs;
    while (!(await isReady().catch(() => false))) {
      if (this.#lost !== null) throw this.#lost;
      if (Date.now() > end) {
        throw new Obstacle(`The ${this.name} was not ready after ${limitMs / 1_000} s; its log is ${this.#logFile}.`);
      }
      await delay(50, undefined, { signal });
    }
  }

  /** Asks it and its children to end, and makes them after 12 seconds. */
  async stop(): Promise<void> {
    this.#asked = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await endProcess(this.identity, { graceMs: 12_000, group: true });
  }

  async #lastWords(): Promise<string> {
    const log = await readFile(this.#logFile, 'utf8').catch(() => '');
    const last = log.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
    // A line of JSON is for programs.
    return last === '' || last.startsWith('{') ? '' : ` (${last}, in ${basename(this.#logFile)})`;
  }
}
