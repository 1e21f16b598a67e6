import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import type { EmbeddedPostgres, FreshDatabase } from '../embedded.ts';
import { asRole, seedTenant } from './tenant.ts';
import type { Tenant } from './tenant.ts';
import { startTestPostgres } from './test-postgres.ts';

let server: EmbeddedPostgres;
let database: FreshDatabase;
let mine: Tenant;
let other: Tenant;
/** Every table of the catalogue that belongs to tenants, with the column that says to which. */
let tables: { name: string; column: string }[];

beforeAll(async () => {
  server = await startTestPostgres();
  database = await server.freshDatabase();
  mine = await seedTenant(database.ownerUrl, 'mine');
  other = await seedTenant(database.ownerUrl, 'other');
  tables = await asRole(database.ownerUrl, {}, async (client) => {
    const { rows } = await client.query<{ name: string; column: string }>(
      `select table_name as name, column_name as column from information_schema.columns
       where table_schema = 'public' and (column_name = 'organisation_id' or (table_name = 'organisations' and column_name = 'id'))`,
    );
    return rows;
  });
});
afterAll(() => server?.destroy());

const REFUSED = { code: '42501' };
/** Tables that belong to people, whatever their organisation. */
const PERSON_TABLES = ['login_sessions', 'refresh_tokens', 'file_usage'];
const asApi = <T>(organisations: string, work: (client: Client) => Promise<T>) =>
  asRole(database.apiUrl, { organisations }, work);
const count = async (client: Client, table: string) =>
  Number((await client.query<{ count: string }>(`select count(*) from ${table}`)).rows[0]?.count);

test('the catalogue holds the tenant tables that are known, at least', () => {
  const names = tables.map((table) => table.name);
  expect(names).toEqual(
    expect.arrayContaining(['organisations', 'memberships', 'routers', 'bastion_sessions', 'audit_events']),
  );
});

test('row-level security is on and forced on every tenant table', async () => {
  const { rows } = await asRole(database.ownerUrl, {}, (client) =>
    client.query<{ relname: string; both: boolean }>(
      `select relname, relrowsecurity and relforcerowsecurity as both from pg_class
       where relnamespace = 'public'::regnamespace and relname = any ($1)`,
      [[...tables.map((table) => table.name), ...PERSON_TABLES]],
    ),
  );
  expect(rows).toHaveLength(tables.length + PERSON_TABLES.length);
  expect(rows.filter((row) => !row.both)).toEqual([]);
});

test('without an organisation nothing is seen, with one only its own, and everything with all', async () => {
  for (const { name, column } of tables) {
    for (const nothing of ['', '00000000-0000-0000-0000-000000000000']) {
      expect([name, await asApi(nothing, (client) => count(client, name))]).toEqual([name, 0]);
    }
    const seen = await asApi(mine.organisationId, (client) =>
      client.query(`select ${column} as organisation from ${name}`),
    );
    expect([name, seen.rows.length > 0]).toEqual([name, true]);
    expect(new Set(seen.rows.map((row) => row.organisation))).toEqual(new Set([mine.organisationId]));
    const both = `${mine.organisationId},${other.organisationId}`;
    const ofBoth = await asApi(both, (client) => count(client, name));
    expect(ofBoth).toBeGreaterThan(seen.rows.length);
    expect(await asApi('all', (client) => count(client, name))).toBeGreaterThanOrEqual(ofBoth);
  }
});

test('the owner of the tables is bound as well', async () => {
  for (const { name } of tables) {
    expect([name, await asRole(database.ownerUrl, {}, (client) => count(client, name))]).toEqual([name, 0]);
  }
});

test('no row can be written for another organisation, and none moved there', async () => {
  for (const { name, column } of tables) {
    const { rows } = await asApi('all', (client) =>
      client.query(`select to_jsonb(t) as row from ${name} t where ${column} = $1 limit 1`, [other.organisationId]),
    );
    const insert = `insert into ${name} overriding user value select (jsonb_populate_record(null::${name}, $1)).*`;
    const row = JSON.stringify(rows[0].row);
    await expect(asApi(mine.organisationId, (client) => client.query(insert, [row]))).rejects.toMatchObject(REFUSED);
    await expect(asApi('', (client) => client.query(insert, [row]))).rejects.toMatchObject(REFUSED);
    await expect(
      asApi(mine.organisationId, (client) => client.query(`update ${name} set ${column} = $1`, [other.organisationId])),
    ).rejects.toMatchObject(REFUSED);
  }
});

test("another organisation's rows can be neither changed nor deleted", async () => {
  for (const { name, column } of tables) {
    for (const statement of [`update ${name} set ${column} = ${column}`, `delete from ${name}`]) {
      const touched = await asApi(mine.organisationId, (client) =>
        client.query(`${statement} where ${column} = '${other.organisationId}'`),
      ).then(
        (result) => result.rowCount,
        (error: { code: string }) => (error.code === REFUSED.code ? 0 : error.code),
      );
      expect([statement, touched]).toEqual([statement, 0]);
    }
  }
});

test('a person sees their memberships and organisations, and nothing else of a tenant', async () => {
  const seen = await asRole(database.apiUrl, { userId: mine.userId }, async (client) => {
    const all: Record<string, unknown[]> = {};
    for (const { name, column } of tables) {
      all[name] = (await client.query(`select ${column} as organisation from ${name}`)).rows.map(
        (row) => row.organisation,
      );
    }
    return all;
  });
  for (const [name, organisations] of Object.entries(seen)) {
    const expected = ['memberships', 'organisations'].includes(name) ? [mine.organisationId] : [];
    expect([name, organisations]).toEqual([name, expected]);
  }
});

test('a person cannot make themself a member, raise their role or rename their organisation without its scope', async () => {
  const asPerson = (sql: string, values: unknown[]) =>
    asRole(database.apiUrl, { userId: mine.userId }, (client) => client.query(sql, values));
  await expect(
    asPerson(`insert into memberships (organisation_id, user_id, role) values ($1, $2, 'owner')`, [
      other.organisationId,
      mine.userId,
    ]),
  ).rejects.toMatchObject(REFUSED);
  expect((await asPerson(`update memberships set role = 'admin' where user_id = $1`, [mine.userId])).rowCount).toBe(0);
  expect((await asPerson(`update organisations set name = 'x' where id = $1`, [mine.organisationId])).rowCount).toBe(0);
});

test('what belongs to a person is their own', async () => {
  for (const table of PERSON_TABLES) {
    const seenBy = (settings: { organisations?: string; userId?: string }) =>
      asRole(database.apiUrl, settings, (client) => count(client, table));
    expect(await seenBy({})).toBe(0);
    expect(await seenBy({ organisations: mine.organisationId })).toBe(0);
    expect(await seenBy({ userId: mine.userId })).toBe(1);
    expect(await seenBy({ organisations: 'all' })).toBe(2);
  }
  await expect(
    asRole(database.apiUrl, { userId: mine.userId }, (client) =>
      client.query(`insert into login_sessions (user_id, expires_at) values ($1, now())`, [other.userId]),
    ),
  ).rejects.toMatchObject(REFUSED);
  await expect(
    asRole(database.apiUrl, { userId: mine.userId }, (client) =>
      client.query(`insert into refresh_tokens (login_session_id, token_hash, expires_at) values ($1, 'x', now())`, [
        other.loginSessionId,
      ]),
    ),
  ).rejects.toMatchObject(REFUSED);
});

test('a session cannot name a router of another organisation', async () => {
  await expect(
    asApi(mine.organisationId, (client) =>
      client.query(
        `insert into bastion_sessions (organisation_id, router_id, router_name, user_id, user_name, state)
         values ($1, $2, 'r', $3, 'u', 'requested')`,
        [mine.organisationId, other.routerId, mine.userId],
      ),
    ),
  ).rejects.toMatchObject({ code: '23503' });
});

test('the roles of api and gateway own nothing and bypass nothing', async () => {
  await asRole(database.superuserUrl, {}, async (client) => {
    const { rows: roles } = await client.query(
      `select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication from pg_roles
       where rolname in ('netpilot_api', 'netpilot_gateway') order by 1`,
    );
    const plain = {
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
    };
    expect(roles).toEqual([
      { rolname: 'netpilot_api', ...plain },
      { rolname: 'netpilot_gateway', ...plain },
    ]);
    const { rows: owned } = await client.query(
      `select classid::regclass, objid from pg_shdepend join pg_roles on refobjid = pg_roles.oid
       where deptype = 'o' and rolname in ('netpilot_api', 'netpilot_gateway')`,
    );
    expect(owned).toEqual([]);
    const { rows: joined } = await client.query(
      `select member::regrole from pg_auth_members where member::regrole::text in ('netpilot_api', 'netpilot_gateway')`,
    );
    expect(joined).toEqual([]);
  });
});

test('the gateway reads its columns of routers and nothing else', async () => {
  const asGateway = (sql: string) =>
    asRole(database.gatewayUrl, { organisations: 'all', userId: mine.userId }, (client) => client.query(sql));
  const columns = 'id, organisation_id, tunnel_port, tunnel_key, attachment, last_seen_at';
  expect((await asGateway(`select ${columns} from routers`)).rowCount).toBe(2);
  const { rows } = await asRole(database.ownerUrl, {}, (client) =>
    client.query<{ name: string; column: string }>(
      `select table_name as name, column_name as column from information_schema.columns where table_schema = 'public'`,
    ),
  );
  expect(rows.some((row) => row.name === 'users')).toBe(true);
  for (const { name, column } of rows) {
    if (name === 'routers' && columns.split(', ').includes(column)) continue;
    await expect(asGateway(`select ${column} from ${name}`)).rejects.toMatchObject(REFUSED);
  }
  for (const statement of [
    `update routers set owner_id = '${other.userId}'`,
    `update routers set tunnel_key = 'x'`,
    `delete from routers`,
    `insert into routers (id) values (gen_random_uuid())`,
    `create table mine (id integer)`,
  ]) {
    await expect(asGateway(statement)).rejects.toMatchObject(REFUSED);
  }
});
