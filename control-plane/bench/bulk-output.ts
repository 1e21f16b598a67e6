import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchTerminal } from './bench-terminal.ts';
import { type Desk, pause } from './stage.ts';

const BYTES = 100_000_000;
const MEGABYTE = 1_000_000;

/** 100 MB of text on a desk's router, as what people cat is: lines of 77 bytes. Owner of the file. */
export class BulkOutput {
  readonly #desk: Desk;
  readonly #file: string;
  /** Bytes that the file becomes in a terminal, which puts a return before each newline. */
  readonly #shown: number;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#file = join(desk.router.directory, 'bulk');
    const make = `head -c ${BYTES} /dev/urandom | base64 | head -c ${BYTES} | tee '${this.#file}' | wc -l`;
    this.#shown = BYTES + Number(execFileSync('sh', ['-c', make], { timeout: 60_000, encoding: 'utf8' }));
  }

  /** Megabytes a second from the command to the last byte that the page of a live session has parsed. */
  async rate(session: string): Promise<number> {
    const terminal = await BenchTerminal.open(this.#desk.person, session);
    try {
      await terminal.prompt();
      terminal.type(`stty -echo; echo rea''dy; read -r _; exec cat '${this.#file}'\n`);
      await terminal.shows('ready');
      await pause(100);
      const from = terminal.received;
      const since = performance.now();
      terminal.type('\n');
      const until = await terminal.reads(() => (terminal.received - from >= this.#shown ? performance.now() : null));
      return BYTES / MEGABYTE / ((until - since) / 1_000);
    } finally {
      terminal.close();
    }
  }

  /** The same of OpenSSH, from the command to the end of the client; connecting is left out. */
  async sshRate(options: readonly string[]): Promise<number> {
    const begun = `${this.#file}.begun`;
    try {
      await this.#desk.ssh.discard(`touch '${begun}'; exec cat '${this.#file}'`, options);
      const until = Date.now();
      return BYTES / MEGABYTE / ((until - (await stat(begun)).mtimeMs) / 1_000);
    } finally {
      rmSync(begun, { force: true });
    }
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }
}
