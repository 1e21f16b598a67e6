/** SQLSTATE classes and codes that mean "not now": connection exceptions, shutdown, starting up, no free slot (PostgreSQL, appendix A). */
const GONE_STATES = /^(08...|57P0[1-5]|53300)$/u;
const GONE_ERRNOS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
/** What pg says without a code when a socket breaks under a query. */
const GONE_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|Query read timeout)/u;
const GONE_NAMES =
  /^Sequelize(Connection|ConnectionRefused|HostNotFound|HostNotReachable|ConnectionTimedOut|ConnectionAcquireTimeout)Error$/u;

/**
 * Whether an error means that the server is away or the connection broke, so that the same request may work later.
 * Looks through wrapping errors (`cause`, and Sequelize's `parent` and `original`).
 */
export function isDatabaseGone(error: unknown): boolean {
  let left = 8;
  const pending: unknown[] = [error];
  while (pending.length > 0 && left-- > 0) {
    const one = pending.shift();
    if (!(one instanceof Error)) continue;
    const { code, syscall, parent, original } = one as Error &
      Record<'code' | 'syscall' | 'parent' | 'original', unknown>;
    if (typeof code === 'string' && GONE_STATES.test(code)) return true;
    if (typeof code === 'string' && GONE_ERRNOS.has(code) && isOfNetwork(syscall)) return true;
    if (GONE_NAMES.test(one.name) || GONE_MESSAGES.test(one.message)) return true;
    pending.push(one.cause, parent, original, ...(one instanceof AggregateError ? one.errors : []));
  }
  return false;
}

/** A missing file is ENOENT too; only a socket's system call speaks of the database. */
function isOfNetwork(syscall: unknown): boolean {
  return ['connect', 'read', 'write', 'getaddrinfo', undefined].includes(syscall as string | undefined);
}
