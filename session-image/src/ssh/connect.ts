// First: it has to run before ssh2.
import './padded.ts';
import type { Socket } from 'node:net';
import type { AlgorithmSet } from '@netpilot/control-plane/contract/routers.ts';
import { TUNNEL_SOCKET } from '@netpilot/control-plane/contract/agent.ts';
import { writeInTurns } from '@netpilot/control-plane/wire/write-turns.ts';
import { Client } from 'ssh2';
import type { ClientErrorExtensions } from 'ssh2';
import { dialSocket } from '../link/dial.ts';
import { algorithmsFor } from './algorithms.ts';
import { authenticate } from './authentication.ts';
import type { Credentials } from './authentication.ts';
import { ConnectFailure, findingOf, printable } from './finding.ts';
import { isPinned, readHostKey } from './host-key.ts';
import type { SeenHostKey } from './host-key.ts';
import { RouterConnection } from './router-connection.ts';

/** Milliseconds between two signs of life, and how many may stay unanswered. */
export const KEEPALIVE_MS = 15_000;
const KEEPALIVE_MISSES = 3;

export interface ConnectOptions {
  /** Holds `tunnel.sock`. */
  directory: string;
  user: string;
  /** The pinned key; null accepts none. */
  hostKey: string | null;
  algorithms: AlgorithmSet;
  credentials: Credentials;
  /** For everything from the socket to the end of authentication. */
  timeoutMs: number;
  keepaliveMs: number;
}

/**
 * Opens the SSH connection to the router through `tunnel.sock`. Nothing is sent to a router whose key is not the pinned one.
 * @throws ConnectFailure, also when `signal` aborts
 */
export async function connectRouter(options: ConnectOptions, signal: AbortSignal): Promise<RouterConnection> {
  const since = performance.now();
  const socket = await dialSocket(`${options.directory}/${TUNNEL_SOCKET}`).catch((error: Error) => {
    throw new ConnectFailure(findingOf({ socketOpen: false, routerSpoke: false, error }), 'The tunnel is not there.');
  });
  return new Promise((resolve, reject) => {
    const client = new Client();
    const ident = listenForIdent(socket);
    let seen: SeenHostKey | null = null;
    let stopped: ConnectFailure | null = null;
    let settled = false;

    const fail = (failure: ConnectFailure) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      reject(failure);
      socket.destroy();
    };
    const failWith = (error: Error & ClientErrorExtensions) => {
      const finding = findingOf({ socketOpen: true, routerSpoke: ident.spoke(), error });
      fail(stopped ?? new ConnectFailure(finding, error.message, seen));
    };
    const abort = () => fail(new ConnectFailure('failed', 'The attempt was given up.', seen));
    const timer = setTimeout(
      () => fail(new ConnectFailure('timeout', `No connection within ${options.timeoutMs / 1_000} s.`, seen)),
      options.timeoutMs,
    );

    client.on('error', failWith);
    client.on('close', () => failWith(new Error('The router closed the connection.')));
    client.on('change password', () => {
      fail(new ConnectFailure('wrong_credentials', 'The router wants a new password first.', seen));
    });
    client.once('ready', () => {
      if (settled || !seen) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      const facts = { hostKey: seen, serverIdent: ident.text(), milliseconds: performance.now() - since };
      resolve(new RouterConnection(client, socket, facts));
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();

    try {
      client.connect({
        sock: writeInTurns(socket),
        username: options.user,
        algorithms: algorithmsFor(options.algorithms, options.hostKey?.split(' ')[0] ?? null),
        authHandler: authenticate(options.user, options.credentials),
        hostVerifier: (blob: Buffer) => {
          seen = readHostKey(blob);
          if (isPinned(blob, options.hostKey)) return true;
          stopped =
            options.hostKey === null
              ? new ConnectFailure('host_key_unconfirmed', 'The host key is not confirmed yet.', seen)
              : new ConnectFailure('host_key_changed', 'The host key is not the pinned one.', seen);
          return false;
        },
        keepaliveInterval: options.keepaliveMs,
        keepaliveCountMax: KEEPALIVE_MISSES,
        // The timer above covers the signature as well; ssh2's own would not end a silent socket in time.
        readyTimeout: 0,
      });
    } catch (error) {
      failWith(error instanceof Error ? error : new Error('could not connect'));
    }
  });
}

/** Keeps the router's identification (RFC 4253, section 4.2), which ssh2 hands out only in part. */
function listenForIdent(socket: Socket): { spoke: () => boolean; text: () => string } {
  let head = Buffer.alloc(0);
  const listen = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk.subarray(0, 8_192 - head.length)]);
    if (/^SSH-.*\n/mu.test(head.toString('latin1')) || head.length >= 8_192) socket.off('data', listen);
  };
  // Paused first: otherwise listening would let bytes pass before ssh2 listens.
  socket.pause();
  socket.on('data', listen);
  return {
    spoke: () => head.length > 0,
    text: () => printable(/^SSH-[^\r\n]*/mu.exec(head.toString('latin1'))?.[0] ?? '', 255),
  };
}
