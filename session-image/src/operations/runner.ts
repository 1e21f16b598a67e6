import { collect } from '../exec/run-command.ts';
import type { RouterChannel } from '../ssh/router-connection.ts';
import { OperationFailure, routerSaid } from './problem.ts';
import { type Sections, SectionScript } from './sections.ts';

/** Bytes of an answer that are kept; 200 devices with all their tables are some 100 KB. */
const MAX_ANSWER = 4_194_304;

/** The part of a connection that operations use. */
export interface CommandConnection {
  readonly alive: boolean;
  openExec(command: string): Promise<RouterChannel>;
}

export interface CommandAnswer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface CommandOptions {
  readonly input?: Buffer;
  /** Default 20. */
  readonly timeoutSeconds?: number;
  /** The command sees the end of its input when it is given up or the connection breaks, and not before. */
  readonly holdsInput?: boolean;
  /** Hears each piece of standard output as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** The road to the router for one operation: counts its trips, and ends what runs when the operation is given up. */
export class Runner {
  readonly #connection: CommandConnection;
  readonly #signal: AbortSignal;
  #roundTrips = 0;

  constructor(connection: CommandConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  get roundTrips(): number {
    return this.#roundTrips;
  }

  /**
   * Runs one command to its end.
   * @throws OperationFailure `connection_lost`, `timed_out`, `router_said` for an answer over its bound.
   */
  async run(
    command: string,
    { input, timeoutSeconds = 20, holdsInput = false, onOutput }: CommandOptions = {},
  ): Promise<CommandAnswer> {
    if (this.#signal.aborted) throw this.#lost();
    this.#roundTrips++;
    const channel = await this.#connection.openExec(command);
    const cut = () => channel.close();
    this.#signal.addEventListener('abort', cut, { once: true });
    if (this.#signal.aborted) cut();
    if (onOutput) channel.on('data', (chunk: Buffer) => onOutput(chunk.toString('utf8')));
    const bounds = { timeoutSeconds, maxBytes: MAX_ANSWER, holdsInput, ...(input === undefined ? {} : { input }) };
    const outcome = await collect(channel, bounds, performance.now());
    this.#signal.removeEventListener('abort', cut);
    if (outcome.timedOut)
      throw new OperationFailure({ code: 'timed_out', detail: `The router took more than ${timeoutSeconds} seconds.` });
    if (outcome.truncated) throw routerSaid('It said more than can be taken.', null);
    if (outcome.exitCode === null && (!this.#connection.alive || this.#signal.aborted)) throw this.#lost();
    return { stdout: text(outcome.stdout), stderr: text(outcome.stderr), exitCode: outcome.exitCode };
  }

  /** Runs the parts in one trip; see {@link SectionScript}. @throws OperationFailure as {@link run}, and when the answer is cut. */
  async gather(parts: Readonly<Record<string, string>>, options: CommandOptions = {}): Promise<Sections> {
    const script = new SectionScript(parts);
    const answer = await this.run(script.command, options);
    const sections = script.parse(answer.stdout);
    if (!sections.whole) throw routerSaid(answer.stderr || 'Its answer was cut.', answer.exitCode);
    return sections;
  }

  /** Whoever gave the operation up may say why. */
  #lost(): OperationFailure {
    const reason: unknown = this.#signal.reason;
    if (reason instanceof OperationFailure) return reason;
    return new OperationFailure({ code: 'connection_lost', detail: 'The connection to the router was lost.' });
  }
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
