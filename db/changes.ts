import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { parseChange } from './change.ts';
import type { Change } from './change.ts';

export type { Change, ChangedTable } from './change.ts';

export interface ChangeListenerOptions {
  url: string;
  /** Called once per change, in order of the commits. */
  onChange(change: Change): void;
  /** Called when listening has begun after a break (a late first start counts as one): changes were missed, look at everything again. */
  onReconnect(): void;
  /** Told of every lost or failed connection and of what the two above throw; for the log. */
  onError?(error: unknown): void;
}

export interface ChangeListener {
  /** Resolves when it listens for the first time; stays open while the server is away. */
  readonly listening: Promise<void>;
  close(): Promise<void>;
}

/** How often the connection is proved alive, and how long an answer may take, in milliseconds. */
const HEARTBEAT = 15_000;
const ANSWER_TIMEOUT = 10_000;
const LONGEST_PAUSE = 5_000;

/** Listens on a connection of its own, and connects again for as long as it takes, until it is closed. Never rejects or throws. */
export function listenToChanges(options: ChangeListenerOptions): ChangeListener {
  const closing = new AbortController();
  let begun = () => {};
  const listening = new Promise<void>((resolve) => (begun = resolve));
  const report = (error: unknown) => {
    if (!closing.signal.aborted) options.onError?.(error);
  };
  const guarded = (call: () => void) => {
    try {
      call();
    } catch (error) {
      report(error);
    }
  };

  const run = async () => {
    let broken = false;
    let pause = 100;
    while (!closing.signal.aborted) {
      try {
        await listenOnce(options.url, closing.signal, {
          began() {
            pause = 100;
            begun();
            if (broken) guarded(options.onReconnect);
          },
          notified(payload) {
            const change = parseChange(payload);
            if (change) guarded(() => options.onChange(change));
          },
        });
      } catch (error) {
        report(error);
      }
      broken = true;
      await delay(pause * (0.5 + Math.random()), undefined, { signal: closing.signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  };
  const done = run();

  return {
    listening,
    async close() {
      closing.abort();
      await done;
    },
  };
}

interface Hooks {
  began(): void;
  notified(payload: string): void;
}

/** One connection, from its beginning to its end; rejects when it breaks, resolves when `closing` is aborted. */
async function listenOnce(url: string, closing: AbortSignal, hooks: Hooks): Promise<void> {
  // The socket is ours, so that a connection to a server that is silent can be cut.
  const socket = new Socket();
  const client = new Client({
    connectionString: url,
    application_name: 'netpilot-changes',
    stream: () => socket,
    connectionTimeoutMillis: ANSWER_TIMEOUT,
    query_timeout: ANSWER_TIMEOUT,
  });
  const cut = () => void socket.destroy();
  closing.addEventListener('abort', cut, { once: true });
  // Without a listener a broken connection would end the process; how it ended shows in `ended`.
  client.on('error', () => undefined);
  const ended = new AbortController();
  client.once('end', () => ended.abort());
  client.on('notification', (message) => hooks.notified(message.payload ?? ''));
  try {
    await client.connect();
    await client.query('listen netpilot_changes');
    hooks.began();
    while (!ended.signal.aborted) {
      await delay(HEARTBEAT, undefined, { signal: ended.signal }).catch(() => undefined);
      if (!ended.signal.aborted) await client.query('select 1');
    }
    throw new Error('the connection that listens for changes ended');
  } catch (error) {
    if (!closing.aborted) throw error;
  } finally {
    closing.removeEventListener('abort', cut);
    cut();
  }
}
