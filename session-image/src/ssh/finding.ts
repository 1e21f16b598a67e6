import type { ConnectionFinding } from '@netpilot/control-plane/contract/routers.ts';
import type { SeenHostKey } from './host-key.ts';

export type FailureFinding = Exclude<ConnectionFinding, 'ok'>;

/** Why no connection came about. The text may quote the router, bounded and without control characters. */
export class ConnectFailure extends Error {
  override name = 'ConnectFailure';
  readonly finding: FailureFinding;
  readonly hostKey: SeenHostKey | null;

  constructor(finding: FailureFinding, detail: string, hostKey: SeenHostKey | null = null) {
    super(printable(detail));
    this.finding = finding;
    this.hostKey = hostKey;
  }
}

/** What was known when an attempt failed. */
export interface FailedAttempt {
  /** False while the tunnel's socket had not taken our connection. */
  socketOpen: boolean;
  /** True once the router sent any byte. */
  routerSpoke: boolean;
  error: { message: string; level?: string; code?: unknown };
}

/** Names a failure. A tunnel that breaks before the router's first byte is no tunnel; one that ends in order is a refusal. */
export function findingOf({ socketOpen, routerSpoke, error }: FailedAttempt): FailureFinding {
  if (!socketOpen) return 'no_tunnel';
  if (error.level === 'client-authentication' || error.level === 'agent') return 'wrong_credentials';
  if (/no matching (key exchange|host key|[CS]->[CS] (cipher|MAC|compression))/u.test(error.message)) {
    return 'no_common_algorithm';
  }
  if (error.level === 'client-timeout') return 'timeout';
  if (!routerSpoke) return error.level === 'client-socket' ? 'no_tunnel' : 'refused';
  return 'failed';
}

// oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/** A router's words on one line of at most `length` characters, without control characters and bidirectional overrides. */
export function printable(text: string, length = 500): string {
  return text
    .slice(0, length * 4)
    .replace(UNPRINTABLE, ' ')
    .trim()
    .slice(0, length);
}
