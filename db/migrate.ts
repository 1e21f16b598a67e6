import { Client } from 'pg';
import type { ClientBase } from 'pg';
import { Umzug } from 'umzug';
import type { UmzugStorage } from 'umzug';
import { MIGRATIONS } from './migrations/registry.ts';
import { ensureRoles } from './roles.ts';
import type { RolePasswords } from './roles.ts';

export interface MigrateOptions {
  /** Connects as the owner of the tables: no superuser is needed, CREATEROLE is while the roles are missing. */
  url: string;
  /** The last migration that is applied afterwards, forward or back; `'nothing'` takes all back. Default: the newest. */
  to?: string;
  passwords?: RolePasswords;
}

/** One lock for all who migrate a database; the number only has to be ours. */
const LOCK = 7_238_114_903;

const history: UmzugStorage<ClientBase> = {
  async executed({ context }) {
    const { rows } = await context.query<{ name: string }>('select name from schema_migrations order by name');
    return rows.map((row) => row.name);
  },
  async logMigration({ name, context }) {
    await context.query('insert into schema_migrations (name) values ($1)', [name]);
  },
  async unlogMigration({ name, context }) {
    await context.query('delete from schema_migrations where name = $1', [name]);
  },
};

/**
 * Brings the schema to `to`, all in one transaction: a step that fails leaves everything as it was. Others who migrate wait.
 * @returns the names of the migrations applied or taken back, in order.
 * @throws Error for an unknown `to`; what the server says about a failing step.
 */
export async function migrate({ url, to, passwords }: MigrateOptions): Promise<string[]> {
  const names = Object.keys(MIGRATIONS);
  if (to !== undefined && to !== 'nothing' && !names.includes(to)) throw new Error(`there is no migration ${to}`);
  const client = new Client({
    connectionString: url,
    application_name: 'netpilot-migrate',
    connectionTimeoutMillis: 30_000,
  });
  // A connection that breaks rejects the query under way; without a listener it would end the process as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await ensureRoles(client, passwords);
    await client.query(
      'create table if not exists schema_migrations (name text primary key, applied_at timestamptz not null default now())',
    );
    const moved = await run(client, names, to ?? names.at(-1) ?? 'nothing');
    await client.query('commit');
    return moved;
  } finally {
    // Ending the connection rolls back what was not committed.
    await client.end();
  }
}

async function run(client: ClientBase, names: readonly string[], to: string): Promise<string[]> {
  const umzug = new Umzug<ClientBase>({
    migrations: Object.entries(MIGRATIONS).map(([name, step]) => ({
      name,
      up: ({ context }) => step.up(context),
      down: ({ context }) => step.down(context),
    })),
    context: client,
    storage: history,
    logger: undefined,
  });
  const executed = (await umzug.executed()).map((step) => step.name);
  const surplus = to === 'nothing' ? executed[0] : executed.find((name) => names.indexOf(name) > names.indexOf(to));
  if (surplus !== undefined) return (await umzug.down({ to: surplus })).map((step) => step.name);
  if (to === 'nothing' || executed.includes(to)) return [];
  return (await umzug.up({ to })).map((step) => step.name);
}
