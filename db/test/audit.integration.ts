import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EmbeddedPostgres, FreshDatabase } from '../embedded.ts';
import { asRole, seedTenant } from './tenant.ts';
import type { Tenant } from './tenant.ts';
import { startTestPostgres } from './test-postgres.ts';

let server: EmbeddedPostgres;
let database: FreshDatabase;
let tenant: Tenant;
beforeAll(async () => {
  server = await startTestPostgres();
  database = await server.freshDatabase();
  tenant = await seedTenant(database.ownerUrl);
});
afterAll(() => server?.destroy());

const CHANGES = [
  `update audit_events set action = 'sign_in'`,
  `update audit_events set action = 'sign_in' where false`,
  `delete from audit_events`,
  `truncate audit_events cascade`,
  `update audit_links set position = position + 1`,
  `delete from audit_links`,
  `truncate audit_links`,
  `update audit_anchors set position = 1`,
  `delete from audit_anchors`,
  `truncate audit_anchors`,
];

test('no role changes or removes an entry, not even the owner or the administrator of the server', async () => {
  for (const url of [database.apiUrl, database.gatewayUrl, database.ownerUrl, database.superuserUrl]) {
    for (const change of CHANGES) {
      await expect(asRole(url, { organisations: 'all' }, (client) => client.query(change))).rejects.toMatchObject({
        code: '42501',
      });
    }
  }
});

test('entries outlive their organisation, in the order they were written', async () => {
  await asRole(database.ownerUrl, { organisations: 'all' }, async (client) => {
    await client.query(`delete from organisations where id = $1`, [tenant.organisationId]);
    await client.query(`insert into audit_events (organisation_id, action) values ($1, 'organisation_deleted')`, [
      tenant.organisationId,
    ]);
  });
  const { rows } = await asRole(database.apiUrl, { organisations: tenant.organisationId }, (client) =>
    client.query('select action from audit_events order by seq'),
  );
  expect(rows).toEqual([{ action: 'organisation_created' }, { action: 'organisation_deleted' }]);
});

test('an entry of no organisation is seen, and written, with all only', async () => {
  const insert = `insert into audit_events (action) values ('sign_in_failed')`;
  const none = `select count(*)::integer as count from audit_events where organisation_id is null`;
  await asRole(database.apiUrl, { organisations: 'all' }, (client) => client.query(insert));
  for (const scope of [{}, { userId: tenant.userId }, { organisations: tenant.organisationId }]) {
    await expect(asRole(database.apiUrl, scope, (client) => client.query(insert))).rejects.toMatchObject({
      code: '42501',
    });
    const { rows } = await asRole(database.apiUrl, scope, (client) => client.query(none));
    expect(rows).toEqual([{ count: 0 }]);
  }
  const { rows } = await asRole(database.apiUrl, { organisations: 'all' }, (client) => client.query(none));
  expect(rows).toEqual([{ count: 1 }]);
});

test('the order of entries cannot be chosen by who writes them', async () => {
  await expect(
    asRole(database.apiUrl, { organisations: 'all' }, (client) =>
      client.query(`insert into audit_events (seq, action) values (1000, 'sign_in')`),
    ),
  ).rejects.toMatchObject({ code: '428C9' });
});
