import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { isDatabaseGone, openDatabase } from '../database.ts';
import type { Database } from '../database.ts';
import type { EmbeddedPostgres, FreshDatabase } from '../embedded.ts';
import { asRole, seedTenant } from './tenant.ts';
import { startTestPostgres } from './test-postgres.ts';
import { waitFor } from './wait-for.ts';

let server: EmbeddedPostgres;
let fresh: FreshDatabase;
let database: Database;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server?.destroy());
beforeEach(async () => {
  fresh = await server.freshDatabase();
  database = await openDatabase({ url: fresh.apiUrl, poolSize: 3 });
});
afterEach(async () => {
  await database.close();
  await fresh.drop();
});

const nobody = { organisations: [], userId: null };

test('a person founds an organisation, and finds it by being a member', async () => {
  const { User, Organisation, Membership, AuditEvent } = database.models;
  const user = await database.transaction(nobody, (transaction) =>
    User.create({ issuer: 'https://idp.test', subject: 's', name: 'Ada' }, { transaction }),
  );
  expect(user.createdAt).toBeInstanceOf(Date);
  expect(user.emailVerified).toBe(false);
  const id = randomUUID();
  await database.transaction({ organisations: [id], userId: user.id }, async (transaction) => {
    await Organisation.create({ id, name: 'Lovelace' }, { transaction });
    await Membership.create({ organisationId: id, userId: user.id, role: 'owner' }, { transaction });
    const entry = await AuditEvent.create(
      {
        organisationId: id,
        actorId: user.id,
        action: 'organisation_created',
        details: { name: 'Lovelace', routers: 0 },
      },
      { transaction },
    );
    expect(entry.seq).toBe('1');
    expect(entry.details).toEqual({ name: 'Lovelace', routers: 0 });
  });
  const found = await database.transaction({ organisations: [], userId: user.id }, (transaction) =>
    Membership.findAll({ include: ['organisation', 'user'], transaction }),
  );
  expect(found.map((one) => [one.role, one.organisation?.name, one.user?.name])).toEqual([
    ['owner', 'Lovelace', 'Ada'],
  ]);
});

test('a scope ends with its transaction, whichever connection the next one gets', async () => {
  await seedTenant(fresh.ownerUrl);
  const { Organisation } = database.models;
  const count = () => database.transaction(nobody, (transaction) => Organisation.count({ transaction }));
  for (let round = 0; round < 3; round += 1) {
    const all = await database.transaction({ organisations: 'all', userId: null }, (transaction) =>
      Organisation.count({ transaction }),
    );
    expect(all).toBe(1);
    expect(await Promise.all([count(), count(), count()])).toEqual([0, 0, 0]);
    await expect(
      database.transaction({ organisations: 'all', userId: null }, async () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no');
    expect(await count()).toBe(0);
  }
  expect(await Organisation.count()).toBe(0);
});

test('what is thrown rolls back', async () => {
  const { User } = database.models;
  await expect(
    database.transaction(nobody, async (transaction) => {
      await User.create({ issuer: 'i', subject: 's', name: 'n' }, { transaction });
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await database.transaction(nobody, (transaction) => User.count({ transaction }))).toBe(0);
});

test('an id of a scope is a UUID or nothing happens', async () => {
  for (const bad of ['all', '', "'", `${randomUUID()},${randomUUID()}`]) {
    await expect(database.transaction({ organisations: [bad], userId: null }, async () => 1)).rejects.toThrow(
      TypeError,
    );
    await expect(database.transaction({ organisations: [], userId: bad }, async () => 1)).rejects.toThrow(TypeError);
  }
});

test('an error of the database carries no values where a logger looks', async () => {
  const { RefreshToken } = database.models;
  const tenant = await seedTenant(fresh.ownerUrl);
  const create = () =>
    database.transaction({ organisations: 'all', userId: null }, (transaction) =>
      RefreshToken.create(
        { loginSessionId: tenant.loginSessionId, tokenHash: Buffer.from('hash-of-a-token'), expiresAt: new Date() },
        { transaction },
      ),
    );
  await create();
  const error = await create().catch((error: unknown) => error);
  expect(error).toMatchObject({ name: 'SequelizeUniqueConstraintError' });
  expect(isDatabaseGone(error)).toBe(false);
  expect(Object.keys(error as object)).toEqual(['name']);
  expect((error as Error).message).not.toMatch(/hash-of|686173/u);
});

test('survives cut connections, idle and in use', async () => {
  const { User } = database.models;
  await Promise.all(
    Array.from({ length: 3 }, () => database.transaction(nobody, (transaction) => User.count({ transaction }))),
  );
  const cut = () =>
    asRole(fresh.superuserUrl, {}, (client) =>
      client.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'netpilot_api'`),
    );
  await cut();
  await waitFor(() => database.healthy(), 'the pool to be usable again');
  const error = await database
    .transaction(nobody, async (transaction) => {
      await cut();
      return User.count({ transaction });
    })
    .catch((error: unknown) => error);
  expect(isDatabaseGone(error)).toBe(true);
  expect(await database.transaction(nobody, (transaction) => User.count({ transaction }))).toBe(0);
});

test('a server that is away is told apart', async () => {
  const away = await openDatabase({ url: 'postgres://nobody@127.0.0.1:1/nothing' });
  try {
    expect(await away.healthy()).toBe(false);
    const error = await away.transaction(nobody, async () => 1).catch((error: unknown) => error);
    expect(isDatabaseGone(error)).toBe(true);
  } finally {
    await away.close();
  }
});
