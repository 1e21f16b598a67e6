import type { AuthContext, Connection, PublicKeyAuthContext } from 'ssh2';
import type { RegisteredRouter } from '@netpilot/db/tunnel-registry.ts';
import { ssh2 } from './ssh2.ts';

/** The user name every router dials in with; it carries no right, the key does. */
export const TUNNEL_USER = 'tunnel';

/** Refused attempts before the connection is ended; `none` is free, since clients ask for the list of methods with it. */
const MAX_REFUSED = 3;
/** Requests of any outcome: a key offered over and over is never refused, but still costs a lookup. */
const MAX_REQUESTS = 12;

const KEY_TYPES = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]);

/**
 * Lets exactly that router in whose key **signed** (RFC 4252, section 7). A key that is only offered is answered, and forgotten: what a
 * client offers first and signs with later may differ.
 * @param findByKey looks a key line up; a rejection counts as an unknown key.
 * @param admitted called once, before the client is told.
 */
export function authenticateRouter(
  connection: Connection,
  findByKey: (publicKey: string) => Promise<RegisteredRouter | null>,
  admitted: (router: RegisteredRouter) => void,
): void {
  let refused = 0;
  let requests = 0;
  let over = false;
  connection.once('close', () => {
    over = true;
  });

  const refuse = (context: AuthContext) => {
    if (over) return;
    if (context.method !== 'none') refused += 1;
    if (refused >= MAX_REFUSED || requests > MAX_REQUESTS) {
      over = true;
      connection.end();
      return;
    }
    context.reject(['publickey']);
  };

  connection.on('authentication', (context) => {
    if (over) return;
    requests += 1;
    if (requests > MAX_REQUESTS) return refuse(context);
    if (context.method !== 'publickey' || context.username !== TUNNEL_USER) return refuse(context);
    const key = readKey(context);
    if (key === null) return refuse(context);
    findByKey(key.line).then(
      (router) => {
        if (over) return;
        if (router === null || router.attachment !== 'enrolled' || router.port === null) return refuse(context);
        if (context.signature === undefined) return context.accept();
        if (!key.signed) return refuse(context);
        over = true;
        admitted(router);
        context.accept();
      },
      () => refuse(context),
    );
  });
}

/** @returns the key line and whether the request carries a right signature; null when the key is not one we take. */
function readKey(context: PublicKeyAuthContext): { line: string; signed: boolean } | null {
  const { algo, data } = context.key;
  if (!KEY_TYPES.has(algo)) return null;
  // ssh-rsa without a hash is SHA-1 (RFC 8332).
  if (algo === 'ssh-rsa' && context.hashAlgo === undefined) return null;
  const line = `${algo} ${data.toString('base64')}`;
  const key = ssh2.utils.parseKey(line);
  if (key instanceof Error || key.type !== algo) return null;
  const { signature, blob } = context;
  if (signature === undefined || blob === undefined) return { line, signed: false };
  return { line, signed: key.verify(blob, signature, context.hashAlgo) === true };
}
