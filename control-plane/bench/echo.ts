import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { BenchTerminal } from './bench-terminal.ts';
import { endClient } from './openssh.ts';
import { type Desk, pause } from './stage.ts';

/** Makes the router's terminal send each byte back by a program, not by its line discipline. */
const RAW_CAT = "stty raw -echo; echo rea''dy; exec cat";
/** Between two keys, in milliseconds: nobody types faster, and the machine is at rest again. */
const BETWEEN_KEYS_MS = 6;

/** A terminal of ours and one of OpenSSH on the same router, each with `cat` in raw mode. Owner of both. */
export class EchoPair {
  readonly #terminal: BenchTerminal;
  readonly #client: ChildProcessWithoutNullStreams;

  private constructor(terminal: BenchTerminal, client: ChildProcessWithoutNullStreams) {
    this.#terminal = terminal;
    this.#client = client;
  }

  static async open(desk: Desk, sessionId: string): Promise<EchoPair> {
    const client = desk.ssh.terminal(RAW_CAT);
    const ready = untilShown(client, 'ready');
    const pair = new EchoPair(await BenchTerminal.open(desk.person, sessionId), client);
    try {
      await pair.#terminal.prompt();
      pair.#terminal.type(`${RAW_CAT}\n`);
      await Promise.all([pair.#terminal.shows('ready'), ready]);
      await pause(200);
      return pair;
    } catch (error) {
      await pair.close();
      throw error;
    }
  }

  /** Number of our terminal. */
  get terminalId(): number {
    return this.#terminal.id;
  }

  /** Types keys in turn. @returns milliseconds from each key to its echo. */
  async sample(count: number): Promise<{ ours: number[]; ssh: number[] }> {
    const ours: number[] = [];
    const ssh: number[] = [];
    for (let sample = 0; sample < count; sample += 1) {
      ours.push(await this.#key());
      await pause(BETWEEN_KEYS_MS);
      ssh.push(await this.#sshKey());
      await pause(BETWEEN_KEYS_MS);
    }
    return { ours, ssh };
  }

  async close(): Promise<void> {
    this.#terminal.close();
    await endClient(this.#client);
  }

  async #key(): Promise<number> {
    const since = performance.now();
    const echoed = this.#terminal.reads(() => performance.now());
    this.#terminal.type('x');
    return (await echoed) - since;
  }

  async #sshKey(): Promise<number> {
    const since = performance.now();
    const echoed = new Promise<number>((resolve) => this.#client.stdout.once('data', () => resolve(performance.now())));
    this.#client.stdin.write('x');
    return (await echoed) - since;
  }
}

async function untilShown(client: ChildProcessWithoutNullStreams, text: string): Promise<void> {
  let shown = '';
  while (!shown.includes(text)) {
    const [chunk] = (await once(client.stdout, 'data', { signal: AbortSignal.timeout(60_000) })) as [Buffer];
    shown += chunk.toString('latin1');
  }
}
