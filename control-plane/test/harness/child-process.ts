import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';

/** A process of the bastion or of a router that a test owns; its output goes to a file, so that no pipe can block it. */
export class TestProcess {
  readonly #command: readonly [string, ...string[]];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #logFile: string;
  #child: ChildProcess | null = null;
  #gone: Promise<void> = Promise.resolve();

  constructor(command: readonly [string, ...string[]], environment: NodeJS.ProcessEnv, logFile: string) {
    this.#command = command;
    this.#environment = environment;
    this.#logFile = logFile;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the process does not run');
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const log = openSync(this.#logFile, 'a');
    const [program, ...args] = this.#command;
    const child = spawn(program, args, { env: this.#environment, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  /** Ends it and waits until it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    const overdue = setTimeout(() => this.#child?.kill('SIGKILL'), 20_000);
    this.#child?.kill(signal);
    await this.#gone;
    clearTimeout(overdue);
  }

  /** Freezes or continues it. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** What it has printed. */
  output(): string {
    return readFileSync(this.#logFile, 'utf8');
  }
}
