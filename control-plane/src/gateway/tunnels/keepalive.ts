import { performance } from 'node:perf_hooks';
import type { Connection } from 'ssh2';

/** ssh2 sends `keepalive@openssh.com` but hands the answer to nobody; these two of its insides are what a round trip needs. */
interface Insides {
  _protocol: {
    ping(): void;
    _handlers: Record<'REQUEST_SUCCESS' | 'REQUEST_FAILURE', (() => void) | undefined>;
  };
}

const EVERY_MS = 15_000;
const MISSES = 3;

/**
 * Asks the router for a sign of life every 15 s (global request `keepalive@openssh.com`; answers come in order, RFC 4254, section 4) and
 * measures how long the answer takes. The gateway sends no other global request, so every answer is one to this.
 * @param options.latency called with milliseconds at each answer.
 * @param options.silent called once when three in a row went unanswered and nothing else came either.
 * @param options.received bytes received so far: a router that is busy sending is alive, whatever its answers wait behind.
 * @returns stops it.
 */
export function startKeepalive(
  connection: Connection,
  options: { latency: (milliseconds: number) => void; silent: () => void; received: () => number; everyMs?: number },
): () => void {
  const { _protocol: protocol } = connection as unknown as Insides;
  const sent: number[] = [];
  let misses = 0;
  let received = 0;

  const answered = () => {
    const at = sent.shift();
    misses = 0;
    if (at !== undefined) options.latency(performance.now() - at);
  };
  protocol._handlers.REQUEST_SUCCESS = answered;
  protocol._handlers.REQUEST_FAILURE = answered;

  const ask = () => {
    const now = options.received();
    misses = now === received ? misses + 1 : 0;
    received = now;
    if (misses >= MISSES) {
      clearInterval(timer);
      options.silent();
      return;
    }
    // A bound for a router that sends but never answers: its latency is unknown, its life is not in doubt.
    if (sent.length >= MISSES) return;
    sent.push(performance.now());
    protocol.ping();
  };
  const timer = setInterval(ask, options.everyMs ?? EVERY_MS);
  ask();
  return () => clearInterval(timer);
}
