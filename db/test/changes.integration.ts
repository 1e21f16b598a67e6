import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { listenToChanges } from '../changes.ts';
import type { Change, ChangeListener } from '../changes.ts';
import type { EmbeddedPostgres, FreshDatabase } from '../embedded.ts';
import { asRole, seedTenant } from './tenant.ts';
import type { Tenant } from './tenant.ts';
import { startTestPostgres } from './test-postgres.ts';
import { waitFor } from './wait-for.ts';

let server: EmbeddedPostgres;
let database: FreshDatabase;
let tenant: Tenant;
let listener: ChangeListener;
let changes: Change[];
let reconnects: number;
let errors: unknown[];
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server?.destroy());
beforeEach(async () => {
  database = await server.freshDatabase();
  tenant = await seedTenant(database.ownerUrl);
  changes = [];
  errors = [];
  reconnects = 0;
  listener = listenToChanges({
    url: database.apiUrl,
    onChange: (change) => changes.push(change),
    onReconnect: () => (reconnects += 1),
    onError: (error) => errors.push(error),
  });
  await listener.listening;
});
afterEach(async () => {
  await listener.close();
  await database.drop();
});

const asApi = (sql: string, values: unknown[]) =>
  asRole(database.apiUrl, { organisations: 'all' }, (client) => client.query(sql, values));

test('tells of what ends access or outdates a page, and of nothing else', async () => {
  const { organisationId, userId, routerId, loginSessionId } = tenant;
  await asApi(`update users set name = 'renamed' where id = $1`, [userId]);
  await asApi(`update login_sessions set last_used_at = now() where id = $1`, [loginSessionId]);
  await asApi(`update routers set last_seen_at = now() where id = $1`, [routerId]);
  await asApi(`update routers set name = 'renamed' where id = $1`, [routerId]);
  await asApi(`update memberships set role = 'viewer' where user_id = $1`, [userId]);
  await asApi(`update users set disabled_at = now() where id = $1`, [userId]);
  await asApi(`update login_sessions set revoked_at = now() where id = $1`, [loginSessionId]);
  await asApi(`delete from routers where id = $1`, [routerId]);
  await asApi(`delete from memberships where user_id = $1`, [userId]);
  await asApi(`insert into memberships (organisation_id, user_id, role) values ($1, $2, 'owner')`, [
    organisationId,
    userId,
  ]);
  const { rows } = await asApi(
    `insert into locks (organisation_id, target, target_name, message, created_by_name)
     values ($1, 'organisation', 'tenant', 'Under repair.', 'owner') returning id`,
    [organisationId],
  );
  await asApi(`update organisations set watch_notice = false where id = $1`, [organisationId]);
  await asApi(`delete from organisations where id = $1`, [organisationId]);
  await waitFor(
    () => changes.some((change) => change.table === 'organisations' && change.operation === 'delete'),
    'the last change',
  );
  const membership = { table: 'memberships', id: userId, organisationId, userId };
  expect(changes.slice(0, 9)).toEqual([
    { table: 'routers', operation: 'update', id: routerId, organisationId },
    { ...membership, operation: 'update' },
    { table: 'users', operation: 'update', id: userId, userId },
    { table: 'login_sessions', operation: 'update', id: loginSessionId, userId },
    { table: 'routers', operation: 'delete', id: routerId, organisationId },
    { ...membership, operation: 'delete' },
    { ...membership, operation: 'insert' },
    { table: 'locks', operation: 'insert', id: rows[0].id, organisationId },
    { table: 'organisations', operation: 'update', id: organisationId, organisationId },
  ]);
  // The deletion of an organisation takes its memberships along.
  expect(changes.slice(9)).toEqual(
    expect.arrayContaining([
      { table: 'organisations', operation: 'delete', id: organisationId, organisationId },
      { ...membership, operation: 'delete' },
    ]),
  );
  expect(errors).toEqual([]);
});

test('listens again after its connection is cut, and says that it missed something', async () => {
  await asRole(database.superuserUrl, {}, (client) =>
    client.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'netpilot-changes'`),
  );
  await waitFor(() => reconnects === 1, 'the listener to be back');
  expect(errors.length).toBeGreaterThan(0);
  await asApi(`delete from routers where id = $1`, [tenant.routerId]);
  await waitFor(() => changes.length === 1, 'a change after the break');
});

test('what is no change of ours, and what throws, does not end the listening', async () => {
  await listener.close();
  let seen = 0;
  listener = listenToChanges({
    url: database.apiUrl,
    onChange() {
      seen += 1;
      throw new Error('of the caller');
    },
    onReconnect: () => undefined,
    onError: (error) => errors.push(error),
  });
  await listener.listening;
  await asRole(database.gatewayUrl, {}, (client) => client.query(`notify netpilot_changes, '{"table":"secrets"}'`));
  await asApi(`delete from memberships where user_id = $1`, [tenant.userId]);
  await asApi(`delete from routers where id = $1`, [tenant.routerId]);
  await waitFor(() => seen === 2, 'both changes');
  expect(errors).toHaveLength(2);
});

test('closes while the server is away', async () => {
  const away = listenToChanges({
    url: 'postgres://nobody@127.0.0.1:1/nothing',
    onChange: () => undefined,
    onReconnect: () => undefined,
    onError: (error) => errors.push(error),
  });
  await waitFor(() => errors.length > 1, 'two attempts');
  await away.close();
});
