import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { EmbeddedPostgres, FreshDatabase } from '../embedded.ts';
import { openTunnelRegistry, PortsExhausted, UnknownRouter } from '../tunnel-registry.ts';
import type { TunnelRegistry } from '../tunnel-registry.ts';
import { asRole, seedTenant } from './tenant.ts';
import type { Tenant } from './tenant.ts';
import { startTestPostgres } from './test-postgres.ts';
import { waitFor } from './wait-for.ts';

let server: EmbeddedPostgres;
let database: FreshDatabase;
let registry: TunnelRegistry;
let tenant: Tenant;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server?.destroy());
beforeEach(async () => {
  database = await server.freshDatabase();
  registry = await openTunnelRegistry({ url: database.gatewayUrl });
  tenant = await seedTenant(database.ownerUrl);
});
afterEach(async () => {
  await registry.close();
  await database.drop();
});

const range = { low: 2200, high: 2219 };
const asOwner = (sql: string, values: unknown[] = []) =>
  asRole(database.ownerUrl, { organisations: 'all' }, (client) => client.query(sql, values));

async function addRouters(count: number, attachment = 'enrolled', port: number | null = null): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await asOwner(
    `insert into routers (id, organisation_id, owner_id, name, user_name, attachment, authentication, tunnel_port)
     select id, $2, $3, 'r', 'root', $4, 'password', $5 from unnest($1::uuid[]) as id`,
    [ids, tenant.organisationId, tenant.userId, attachment, port],
  );
  return ids;
}

test('finds routers of every tenant by key and id', async () => {
  const other = await seedTenant(database.ownerUrl, 'other');
  const expected = {
    routerId: tenant.routerId,
    organisationId: tenant.organisationId,
    port: null,
    attachment: 'enrolled',
  };
  expect(await registry.findByKey(`ssh-ed25519 ${tenant.routerId}`)).toEqual(expected);
  expect(await registry.find(tenant.routerId)).toEqual(expected);
  expect((await registry.list()).map((router) => router.routerId).sort()).toEqual(
    [tenant.routerId, other.routerId].sort(),
  );
  expect(await registry.findByKey('ssh-ed25519 unknown')).toBeNull();
  expect(await registry.find(randomUUID())).toBeNull();
});

test('gives the lowest free port, the same again to who has one, and a released one anew', async () => {
  const [a = '', b = '', c = '', d = ''] = await addRouters(4);
  await addRouters(1, 'manual', 2201);
  expect(await registry.allocatePort(a, range)).toBe(2200);
  expect(await registry.allocatePort(b, range)).toBe(2202);
  expect(await registry.allocatePort(a, range)).toBe(2200);
  await asOwner('delete from routers where id = $1', [a]);
  expect(await registry.allocatePort(c, range)).toBe(2200);
  expect(await registry.allocatePort(d, { ...range, without: [2203] })).toBe(2204);
  expect(await registry.find(d)).toMatchObject({ port: 2204 });
});

test('a router whose port left the range gets a new one; a manual one keeps what was entered', async () => {
  const [enrolled = ''] = await addRouters(1, 'enrolled', 9_000);
  const [manual = ''] = await addRouters(1, 'manual', 9_001);
  expect(await registry.allocatePort(enrolled, range)).toBe(2200);
  expect(await registry.allocatePort(manual, range)).toBe(9_001);
});

test('twenty at once get twenty ports, the next one is told that none is left', async () => {
  const ids = await addRouters(21);
  const ports = await Promise.all(ids.slice(0, 20).map((id) => registry.allocatePort(id, range)));
  expect(ports.sort()).toEqual(Array.from({ length: 20 }, (_, at) => 2200 + at));
  await expect(registry.allocatePort(ids[20] ?? '', range)).rejects.toBeInstanceOf(PortsExhausted);
  await expect(registry.allocatePort(randomUUID(), range)).rejects.toBeInstanceOf(UnknownRouter);
});

test('keeps the latest instant a router was seen at', async () => {
  const seen = async () =>
    (await asOwner('select last_seen_at from routers where id = $1', [tenant.routerId])).rows[0].last_seen_at as Date;
  const [early, late] = [new Date('2026-01-01T00:00:00.125Z'), new Date('2026-01-02T00:00:00.250Z')];
  await registry.recordSeen([
    { routerId: tenant.routerId, at: late },
    { routerId: tenant.routerId, at: early },
    { routerId: randomUUID(), at: late },
  ]);
  expect(await seen()).toEqual(late);
  await registry.recordSeen([{ routerId: tenant.routerId, at: early }]);
  expect(await seen()).toEqual(late);
  await registry.recordSeen([]);
});

test('a cut connection costs no more than the query under way', async () => {
  expect(await registry.healthy()).toBe(true);
  await asRole(database.superuserUrl, {}, (client) =>
    client.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'netpilot_gateway'`),
  );
  await waitFor(() => registry.healthy(), 'the registry to answer again');
  expect(await registry.find(tenant.routerId)).not.toBeNull();
});
