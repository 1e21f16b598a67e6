import { TERMINALS_PER_SESSION } from '@netpilot/control-plane/contract/sessions.ts';
import type { TerminalSize } from '@netpilot/control-plane/contract/sessions.ts';
import { ProblemError } from '../link/problem.ts';
import type { ConnectionService } from '../ssh/connection-service.ts';
import { Terminal } from './terminal.ts';

/** Bytes of output kept for each terminal. */
export const RING_BYTES = 2_097_152;
/** Terminals whose program ended that stay listed; the oldest go first. */
const MAX_EXITED = 16;

/** The terminals of the sandbox, oldest first. */
export class Terminals {
  readonly #connections: ConnectionService;
  readonly #ringBytes: number;
  readonly #terminals = new Map<number, Terminal>();
  #nextId = 1;
  #opening = 0;

  constructor(connections: ConnectionService, ringBytes: number) {
    this.#connections = connections;
    this.#ringBytes = ringBytes;
  }

  get running(): number {
    return this.list().filter((terminal) => terminal.running).length;
  }

  list(): Terminal[] {
    return [...this.#terminals.values()];
  }

  /** @throws ProblemError `too_many_terminals`, `not_connected`, `router_refused` */
  async open(size: TerminalSize): Promise<Terminal> {
    const connection = this.#connections.require();
    if (this.running + this.#opening >= TERMINALS_PER_SESSION) {
      throw new ProblemError('too_many_terminals', `A session has at most ${TERMINALS_PER_SESSION} terminals.`);
    }
    this.#opening++;
    try {
      const channel = await connection.openShell(size);
      const terminal = new Terminal(this.#nextId++, channel, connection, size, this.#ringBytes);
      this.#terminals.set(terminal.id, terminal);
      this.#forgetOldest();
      return terminal;
    } finally {
      this.#opening--;
    }
  }

  /** @throws ProblemError `not_found` */
  get(id: string): Terminal {
    const terminal = /^[1-9]\d{0,9}$/u.test(id) ? this.#terminals.get(Number(id)) : undefined;
    if (!terminal) throw new ProblemError('not_found', 'No such terminal.');
    return terminal;
  }

  /** Ends a terminal and forgets it. @throws ProblemError `not_found` */
  delete(id: string): void {
    const terminal = this.get(id);
    this.#terminals.delete(terminal.id);
    terminal.close();
  }

  #forgetOldest(): void {
    const exited = this.list().filter((terminal) => !terminal.running);
    for (const terminal of exited.slice(0, Math.max(0, exited.length - MAX_EXITED))) this.delete(String(terminal.id));
  }
}
