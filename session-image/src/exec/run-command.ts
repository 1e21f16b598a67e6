import type { RouterChannel } from '../ssh/router-connection.ts';
import type { CommandOutcome } from './answer.ts';

export interface CommandBounds {
  timeoutSeconds: number;
  /** For stdout and stderr together. */
  maxBytes: number;
  /** What the command reads; nothing when left out. */
  input?: Buffer;
  /** The end of the input comes with the end of the channel only, for a command that ends itself by it. */
  holdsInput?: boolean;
}

/** Milliseconds a router has to close the channel of a command that we ended. */
const CLOSE_GRACE_MS = 2_000;

/** Collects what a command says until it ends, or ends it at a bound. Never rejects. */
export function collect(channel: RouterChannel, bounds: CommandBounds, since: number): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let left = bounds.maxBytes;
    let truncated = false;
    let timedOut = false;
    let settled = false;
    let status: { code: number | null; signal: string | null } = { code: null, signal: null };
    let grace: NodeJS.Timeout | undefined;

    const stop = () => {
      if (channel.writable) channel.signal('KILL');
      channel.close();
      grace ??= setTimeout(finish, CLOSE_GRACE_MS);
    };
    const take = (into: Buffer[]) => (chunk: Buffer) => {
      if (truncated) return;
      if (chunk.length > left) {
        truncated = true;
        stop();
      }
      const part = chunk.subarray(0, left);
      left -= part.length;
      into.push(part);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, bounds.timeoutSeconds * 1_000);
    const finish = () => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      clearTimeout(grace);
      channel.removeAllListeners('data').resume();
      channel.stderr.removeAllListeners('data').resume();
      resolve({
        stdout,
        stderr,
        exitCode: status.code,
        signal: status.signal,
        truncated,
        timedOut,
        milliseconds: performance.now() - since,
      });
    };

    channel.on('data', take(stdout));
    channel.stderr.on('data', take(stderr));
    const exit = (code?: number | null, signal?: string) => {
      status = { code: code ?? null, signal: signal?.slice(0, 40) ?? null };
    };
    channel.on('exit', exit);
    // Told with the close as well: what ends at once can have told its exit before anybody could listen.
    channel.once('close', (code?: number | null, signal?: string) => {
      if (code !== undefined) exit(code, signal);
      finish();
    });
    // A command that waits for input must see its end rather than the time-out.
    if (bounds.holdsInput !== true) channel.end(bounds.input);
  });
}
