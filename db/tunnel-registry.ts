import { Pool } from 'pg';
import type { PoolClient } from 'pg';

export { isDatabaseGone } from './database-gone.ts';

/** What the gateway knows of a router. */
export interface RegisteredRouter {
  routerId: string;
  organisationId: string;
  /** Port of 127.0.0.1 on the VM that its tunnel comes out of. */
  port: number | null;
  attachment: 'enrolled' | 'manual';
}

/** Ports from `low` to `high`, both included; `without` are never given. */
export interface PortRange {
  low: number;
  high: number;
  without?: readonly number[];
}

/** Every port of the range belongs to a router. */
export class PortsExhausted extends Error {
  override name = 'PortsExhausted';
}

/** There is no router of this id. */
export class UnknownRouter extends Error {
  override name = 'UnknownRouter';
}

export interface TunnelRegistry {
  /** Who dials in with this key: `ssh-ed25519 AAAA…`, without comment. */
  findByKey(publicKey: string): Promise<RegisteredRouter | null>;
  find(routerId: string): Promise<RegisteredRouter | null>;
  list(): Promise<RegisteredRouter[]>;
  /**
   * Gives the router the lowest free port of the range, or says which it has: an enrolled router whose port lies outside of the range gets a
   * new one, a manual one keeps what was entered.
   * @throws PortsExhausted, UnknownRouter
   */
  allocatePort(routerId: string, range: PortRange): Promise<number>;
  /** Notes when routers were seen last; never moves an instant back, leaves out routers that are gone. */
  recordSeen(seen: readonly { routerId: string; at: Date }[]): Promise<void>;
  /** Whether the server answers a query now; never rejects. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** One lock for all who give ports; the number only has to be ours. */
const LOCK = 7_238_114_904;
const UNIQUE_VIOLATION = '23505';
const COLUMNS = `id as "routerId", organisation_id as "organisationId", tunnel_port as port, attachment`;

/**
 * Opens the gateway's view of the database, as the role `netpilot_gateway`. Nothing is connected yet when it resolves. Errors for which
 * `isDatabaseGone` is true may be over later.
 */
export async function openTunnelRegistry({ url }: { url: string }): Promise<TunnelRegistry> {
  const pool = new Pool({
    connectionString: url,
    application_name: 'netpilot-gateway',
    max: 5,
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 20_000,
    statement_timeout: 30_000,
    query_timeout: 35_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  // A connection that breaks is replaced by the next query; without listeners it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => void client.on('error', () => undefined));

  const one = async (column: 'id' | 'tunnel_key', value: string) => {
    const { rows } = await pool.query<RegisteredRouter>(`select ${COLUMNS} from routers where ${column} = $1`, [value]);
    return rows[0] ?? null;
  };

  return {
    findByKey: (publicKey) => one('tunnel_key', publicKey),
    find: (routerId) => one('id', routerId),
    async list() {
      const { rows } = await pool.query<RegisteredRouter>(`select ${COLUMNS} from routers order by id`);
      return rows;
    },
    async allocatePort(routerId, range) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await inTransaction(pool, (client) => allocate(client, routerId, range));
        } catch (error) {
          // The api may enter the port for a manual router at the same moment; it does not take our lock.
          if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION || attempt === 5) throw error;
        }
      }
    },
    async recordSeen(seen) {
      await pool.query(
        `update routers set last_seen_at = greatest(last_seen_at, seen.at)
         from (select router_id, max(at) as at from unnest($1::uuid[], $2::timestamptz[]) as s (router_id, at) group by 1) as seen
         where routers.id = seen.router_id`,
        [seen.map((one) => one.routerId), seen.map((one) => one.at)],
      );
    },
    async healthy() {
      try {
        await pool.query('select 1');
        return true;
      } catch {
        return false;
      }
    },
    close: () => pool.end(),
  };
}

async function allocate(client: PoolClient, routerId: string, range: PortRange): Promise<number> {
  const without = range.without ?? [];
  await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
  const { rows: routers } = await client.query<RegisteredRouter>(`select ${COLUMNS} from routers where id = $1`, [
    routerId,
  ]);
  const router = routers[0];
  if (!router) throw new UnknownRouter(`there is no router ${routerId}`);
  if (router.port !== null && (router.attachment === 'manual' || isGiven(router.port, range))) return router.port;
  const { rows: free } = await client.query<{ port: number }>(
    `select port from generate_series($1::integer, $2::integer) as port
     where port <> all ($3::integer[]) and not exists (select from routers where tunnel_port = port)
     order by port limit 1`,
    [range.low, range.high, without],
  );
  const port = free[0]?.port;
  if (port === undefined) throw new PortsExhausted(`every tunnel port from ${range.low} to ${range.high} is taken`);
  await client.query('update routers set tunnel_port = $2 where id = $1', [routerId, port]);
  return port;
}

function isGiven(port: number, { low, high, without = [] }: PortRange): boolean {
  return port >= low && port <= high && !without.includes(port);
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    client.release(broken);
  }
}
