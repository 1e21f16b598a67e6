import { existsSync, watch } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 100;
const FIRST_BACK_OFF_MS = 20;
const LONGEST_BACK_OFF_MS = 1_000;

/**
 * Waits until `name` exists in `directory`.
 *
 * Polls as well as watches: all sandboxes run under one uid and share its small number of inotify instances, so a watch may be
 * refused; it is closed as soon as the socket is there.
 */
export async function untilExists(directory: string, name: string, signal: AbortSignal): Promise<void> {
  const path = `${directory}/${name}`;
  let wake = () => undefined as void;
  const watcher = openWatch(directory, () => wake());
  try {
    while (!signal.aborted && !existsSync(path)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    watcher?.close();
  }
}

function openWatch(directory: string, changed: () => void): { close(): void } | null {
  try {
    const watcher = watch(directory, changed);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

/** Connects to a unix socket. @throws the system error when nobody listens. */
export function dialSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** Dials `directory/name` and hands the connection to `serve`, again and again with a short back-off, until `signal` aborts. */
export async function keepDialling(
  directory: string,
  name: string,
  serve: (socket: Socket) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let backOff = FIRST_BACK_OFF_MS;
  await untilExists(directory, name, signal);
  while (!signal.aborted) {
    try {
      const socket = await dialSocket(`${directory}/${name}`);
      const since = Date.now();
      await serve(socket);
      if (Date.now() - since > LONGEST_BACK_OFF_MS) backOff = FIRST_BACK_OFF_MS;
    } catch {
      // Nobody listens yet: the api is away and comes back.
    }
    if (signal.aborted) return;
    await delay(backOff);
    backOff = Math.min(backOff * 2, LONGEST_BACK_OFF_MS);
  }
}
