import type { Readable } from 'node:stream';
import { failureOf, FileFailure } from '../file-failure.ts';
import type { FileError } from '@netpilot/control-plane/contract/files.ts';
import type { RouterChannel, RouterConnection } from '../../ssh/router-connection.ts';
import { commandLine } from './quote.ts';

/** Exit codes by which our scripts say what is wrong; no program's own codes are there. */
export const EXIT = {
  exists: 81,
  is_directory: 82,
  not_directory: 83,
  changed: 84,
  special: 85,
  offset_mismatch: 86,
  checksum_mismatch: 87,
  not_supported: 88,
  vanished: 89,
  unsafe_name: 90,
} as const satisfies Partial<Record<FileError, number>>;

const ERRORS = new Map<number, FileError>(Object.entries(EXIT).map(([error, code]) => [code, error as FileError]));
/** Bytes of standard error that are kept. */
const MAX_STDERR = 16_384;
/** Milliseconds without an answer after which a script that only answers is given up. */
const PATIENCE_MS = 120_000;
/** Milliseconds a router has to close a channel that we closed. */
const CLOSE_GRACE_MS = 2_000;

export type Variables = Readonly<Record<string, Buffer | string | number>>;

/** A script that runs on the router. Its owner reads `channel` to the end or closes it. */
export interface RunningScript {
  readonly channel: RouterChannel;
  /** What it wrote to standard error so far. */
  stderr(): string;
  /** Resolves once the channel is closed and read: the exit code, null when there was none. */
  readonly exited: Promise<number | null>;
  /** Closes the channel; a router that does not answer that is not waited for. */
  stop(): void;
}

/** Starts a script; its variables are set to any bytes. Standard input stays open. */
export async function startScript(
  connection: RouterConnection,
  variables: Variables,
  script: string,
): Promise<RunningScript> {
  const channel = await connection.openExec(commandLine(variables, script));
  const stderr: Buffer[] = [];
  let length = 0;
  channel.stderr.on('data', (chunk: Buffer) => {
    // The last words count: what a long run complained of before is let go.
    stderr.push(chunk);
    length += chunk.length;
    while (length - (stderr[0]?.length ?? 0) > MAX_STDERR) length -= stderr.shift()?.length ?? 0;
  });
  let code: number | null = null;
  let grace: NodeJS.Timeout | undefined;
  let over: () => void = () => undefined;
  const exited = new Promise<number | null>((resolve) => {
    over = () => {
      clearTimeout(grace);
      resolve(code);
    };
    // Told with the close as well: what ends at once can have told its exit before anybody could listen.
    channel.once('close', (status?: number | null) => {
      code = status ?? null;
      over();
    });
  });
  return {
    channel,
    stderr: () => Buffer.concat(stderr).toString('utf8'),
    exited,
    stop() {
      channel.close();
      grace ??= setTimeout(over, CLOSE_GRACE_MS);
    },
  };
}

/** @throws FileFailure for an exit code that is not 0; a script that a signal or a cut ended has none. */
export function checkExit(code: number | null, stderr: string): void {
  if (code === 0) return;
  if (code === null) throw new FileFailure('failed', 'The command was cut off.');
  const error = ERRORS.get(code);
  if (error) throw new FileFailure(error);
  throw failureOf(stderr);
}

export interface AnswerOptions {
  /** Bytes of the answer at most. */
  maxBytes?: number;
  signal?: AbortSignal;
  /** Goes to standard input; none leaves it empty. */
  input?: Readable | Buffer;
  /** Does not give up a script that is silent for long. */
  patient?: boolean;
}

/** Runs a script to its end. @returns its standard output. @throws FileFailure */
export async function askScript(
  connection: RouterConnection,
  variables: Variables,
  script: string,
  options: AnswerOptions = {},
): Promise<Buffer> {
  const { maxBytes = 262_144, signal, input, patient = false } = options;
  const { channel, stderr, exited, stop } = await startScript(connection, variables, script);
  const timer = patient ? undefined : setTimeout(stop, PATIENCE_MS);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const chunks: Buffer[] = [];
  let length = 0;
  channel.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) stop();
    else chunks.push(chunk);
  });
  // A guarded script watches its standard input: while it is open, somebody waits.
  if (Buffer.isBuffer(input)) channel.end(input);
  else if (input) feed(input, channel);
  else if (!script.includes(GUARD_MARK)) channel.end();
  try {
    const code = await exited;
    if (length > maxBytes) throw new FileFailure('too_large', 'The answer does not end.');
    checkExit(code, stderr());
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    channel.end();
  }
}

/** Hands a body over; one that is cut ends there, so that what came of it is kept. */
function feed(body: Readable, channel: RouterChannel): void {
  const end = () => channel.end();
  body.pipe(channel);
  body.once('error', end);
  body.once('close', end);
  channel.once('close', () => {
    body.off('close', end);
    body.unpipe(channel);
  });
  if (body.destroyed) end();
}

const GUARD_MARK = 'guard ';
/**
 * `guard program…` ends the program when standard input ends, which is what a closed channel or a lost router looks like: neither sshd nor
 * Dropbear ends a program that writes nothing.
 */
export const GUARD = `guard() {
exec 4<&0
"$@" </dev/null 4<&- & g=$!
{ cat <&4 >/dev/null; kill $g; } >/dev/null 2>&1 & h=$!
wait $g; r=$?
kill $h 2>/dev/null
return $r
}
`;
