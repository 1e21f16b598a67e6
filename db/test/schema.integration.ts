import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LOCK_TARGETS } from '@netpilot/control-plane/contract/oversight.ts';
import { ROLES } from '@netpilot/control-plane/contract/people.ts';
import { RECORDING_PLACES, RECORDING_STATES } from '@netpilot/control-plane/contract/recordings.ts';
import { AlgorithmSet, Router } from '@netpilot/control-plane/contract/routers.ts';
import { SESSION_STATES } from '@netpilot/control-plane/contract/sessions.ts';
import type { Model, ModelStatic } from 'sequelize';
import type { EmbeddedPostgres } from '../embedded.ts';
import { openDatabase } from '../database.ts';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from '../migrations/registry.ts';
import { asRole } from './tenant.ts';
import { startTestPostgres } from './test-postgres.ts';

let server: EmbeddedPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server?.destroy());

/** Every migration by name, in order. */
const ALL = Object.keys(MIGRATIONS);

/** All that a migration can make, in words that do not depend on object ids. */
const CATALOGUE = {
  columns: `select table_name, column_name, data_type, is_nullable, column_default, is_identity from information_schema.columns
    where table_schema = 'public'`,
  constraints: `select conrelid::regclass::text as t, conname, pg_get_constraintdef(oid) as d from pg_constraint
    where connamespace = 'public'::regnamespace`,
  indexes: `select indexdef from pg_indexes where schemaname = 'public'`,
  functions: `select pg_get_functiondef(oid) as d, proacl::text from pg_proc where pronamespace = 'public'::regnamespace`,
  triggers: `select pg_get_triggerdef(oid) as d from pg_trigger where not tgisinternal`,
  policies: `select * from pg_policies where schemaname = 'public'`,
  tables: `select relname, relkind, relacl::text, relrowsecurity, relforcerowsecurity from pg_class
    where relnamespace = 'public'::regnamespace`,
  columnGrants: `select attrelid::regclass::text as t, attname, attacl::text from pg_attribute where attacl is not null and attrelid > 16383`,
  types: `select typname from pg_type where typnamespace = 'public'::regnamespace`,
};

async function catalogue(url: string): Promise<Record<string, string[]>> {
  return asRole(url, {}, async (client) => {
    const found: Record<string, string[]> = {};
    for (const [name, sql] of Object.entries(CATALOGUE)) {
      found[name] = (await client.query(sql)).rows.map((row) => JSON.stringify(row)).sort();
    }
    return found;
  });
}

test('up, down and up again leaves the same catalogue, and down leaves nothing', async () => {
  const database = await server.freshDatabase();
  const before = await catalogue(database.ownerUrl);
  expect(before.columns?.length).toBeGreaterThan(50);

  expect(await migrate({ url: database.ownerUrl, to: 'nothing' })).toEqual(ALL.toReversed());
  const empty = await catalogue(database.ownerUrl);
  expect(empty.functions).toEqual([]);
  expect(empty.policies).toEqual([]);
  expect(empty.columns?.filter((column) => !column.includes('schema_migrations'))).toEqual([]);
  expect(await migrate({ url: database.ownerUrl, to: 'nothing' })).toEqual([]);

  expect(await migrate({ url: database.ownerUrl })).toEqual(ALL);
  expect(await catalogue(database.ownerUrl)).toEqual(before);
  expect(await migrate({ url: database.ownerUrl })).toEqual([]);
});

test('several that migrate at once do it once', async () => {
  const database = await server.freshDatabase();
  await migrate({ url: database.ownerUrl, to: 'nothing' });
  const moved = await Promise.all(Array.from({ length: 4 }, () => migrate({ url: database.ownerUrl })));
  expect(moved.flat()).toEqual(ALL);
});

test('an unknown target is refused', async () => {
  const database = await server.freshDatabase();
  await expect(migrate({ url: database.ownerUrl, to: '9999-unknown' })).rejects.toThrow('there is no migration');
});

test('passwords are set, whatever characters they hold, and never reach the log', async () => {
  const database = await server.freshDatabase();
  const password = `it's "quoted" \\ $1 %s; --`;
  await migrate({ url: database.ownerUrl, passwords: { gateway: password } });
  const url = new URL(database.gatewayUrl);
  await expect(asRole(url.href, {}, (client) => client.query('select 1'))).rejects.toMatchObject({ code: '28P01' });
  const stored = await asRole(database.superuserUrl, {}, (client) =>
    client.query(`select rolpassword from pg_authid where rolname = 'netpilot_gateway'`),
  );
  expect(stored.rows[0].rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/u);
  const given = encodeURIComponent(password);
  const fresh = `postgres://netpilot_gateway:${given}@${url.host}${url.pathname}`;
  expect((await asRole(fresh, {}, (client) => client.query('select 1 as one'))).rows).toEqual([{ one: 1 }]);
  await expect(migrate({ url: database.ownerUrl, passwords: { api: 'zeilen\numbruch' } })).rejects.toThrow(
    'printable ASCII',
  );
  // What other tests of this server connect with.
  await migrate({ url: database.ownerUrl, passwords: { gateway: decodeURIComponent(url.password) } });
});

test('every model fits its table: all columns are there, and no column is forgotten', async () => {
  const fresh = await server.freshDatabase();
  const database = await openDatabase({ url: fresh.apiUrl });
  try {
    const { rows } = await asRole(fresh.ownerUrl, {}, (client) =>
      client.query<{ name: string; columns: string[] }>(
        `select table_name as name, array_agg(column_name::text) as columns from information_schema.columns
         where table_schema = 'public' and table_name <> 'schema_migrations' group by 1`,
      ),
    );
    const models: ModelStatic<Model>[] = Object.values(database.models);
    const modelled = models.map((model) => ({
      name: String(model.getTableName()),
      columns: Object.values(model.getAttributes()).map((attribute) => attribute.field ?? ''),
    }));
    const sorted = (tables: { name: string; columns: string[] }[]) =>
      Object.fromEntries(tables.map(({ name, columns }) => [name, [...columns].sort()]));
    expect(sorted(modelled)).toEqual(sorted(rows));
    for (const model of models) {
      await database.transaction({ organisations: 'all', userId: null }, (transaction) =>
        model.findAll({ transaction }),
      );
    }
  } finally {
    await database.close();
  }
});

test('the enumerations of the database are those of the contract', async () => {
  const database = await server.freshDatabase();
  const { rows } = await asRole(database.ownerUrl, {}, (client) =>
    client.query<{ table: string; definition: string }>(
      `select conrelid::regclass::text || '.' || attname as table, pg_get_constraintdef(c.oid) as definition
       from pg_constraint c join pg_attribute a on a.attrelid = conrelid and a.attnum = conkey[1]
       where contype = 'c' and array_length(conkey, 1) = 1 and pg_get_constraintdef(c.oid) like '%ANY (ARRAY[%'`,
    ),
  );
  const found = Object.fromEntries(
    rows.map((row) => [row.table, [...row.definition.matchAll(/'([a-z_]+)'/gu)].map((match) => match[1])]),
  );
  expect(found).toEqual({
    'memberships.role': ROLES,
    'locks.target': LOCK_TARGETS,
    'locks.role': ROLES,
    'routers.algorithms': AlgorithmSet.options,
    'routers.attachment': Router.shape.attachment.options,
    'routers.authentication': Router.shape.authentication.options,
    'bastion_sessions.state': SESSION_STATES,
    'recordings.state': RECORDING_STATES,
    'recordings.place': RECORDING_PLACES,
  });
});
