import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Database, openDatabase } from '@netpilot/db/database.ts';
import type { EmbeddedPostgres, FreshDatabase } from '@netpilot/db/embedded.ts';
import { migrate } from '@netpilot/db/migrate.ts';
import { asRole } from '@netpilot/db/test/tenant.ts';
import { startTestPostgres } from '@netpilot/db/test/test-postgres.ts';
import type { Actor } from '../access/actor.ts';
import { testKey } from '../recordings/test-key.ts';
import { AuditAnchors } from './anchors.ts';
import { type AuditLog, createAuditLog } from './audit-log.ts';
import { AuditReader } from './audit-reader.ts';
import { verifyChain } from './verify.ts';

const ALL = { organisations: 'all', userId: null } as const;
const organisationId = randomUUID();
const owner: Actor = {
  userId: randomUUID(),
  name: 'Owner',
  email: null,
  loginSessionId: randomUUID(),
  platformAdministrator: false,
  memberships: [{ organisationId, role: 'owner' }],
};
const key = testKey();

let server: EmbeddedPostgres;
let fresh: FreshDatabase;
let database: Database;
let anchors: AuditAnchors;
let log: AuditLog;
beforeAll(async () => {
  server = await startTestPostgres();
});
afterAll(() => server?.destroy());
beforeEach(async () => {
  fresh = await server.freshDatabase();
  database = await openDatabase({ url: fresh.apiUrl });
  anchors = new AuditAnchors({ database, key, log: { info() {}, warn() {} } });
  log = createAuditLog(database, anchors);
});
afterEach(async () => {
  await anchors.close();
  await database.close();
  await fresh.drop();
});

const write = (note: string, organisation: string | null = organisationId) =>
  log.record({ action: 'router_changed', organisationId: organisation, actor: owner, details: { note } });
const writeMany = async (count: number) => {
  for (let number = 1; number <= count; number += 1) await write(`entry ${number}`);
};
const verify = (chain: string | null = organisationId, trusted = key.trusted) =>
  verifyChain(database, ALL, chain, { trusted });
/** As somebody who owns the whole server and switches its guards off. */
const tamper = (...statements: string[]) =>
  asRole(fresh.superuserUrl, { organisations: 'all' }, async (client) => {
    await client.query('begin');
    for (const table of ['audit_events', 'audit_links', 'audit_anchors']) {
      await client.query(`alter table ${table} disable trigger all`);
    }
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
  });

test('many writers at once make whole chains, each organisation its own, and one that is rolled back leaves no gap', async () => {
  const chains = [organisationId, randomUUID(), randomUUID(), null];
  await Promise.all(
    Array.from({ length: 80 }, (_, number) => {
      const chain = chains[number % chains.length] ?? null;
      if (number % 5 !== 0) return write(`entry ${number}`, chain);
      return database
        .transaction(ALL, async (transaction) => {
          await log.record({ action: 'router_changed', organisationId: chain, actor: owner }, transaction);
          throw new Error('rolled back');
        })
        .catch(() => undefined);
    }),
  );
  for (const chain of chains) expect(await verify(chain)).toMatchObject({ intact: true, entries: 16, fault: null });
});

test('an entry of every shape is hashed by the database as by us', async () => {
  const details = { text: 'ä"\\\n\u001b[2J', number: 1.5, huge: 1e21, yes: true, nothing: null };
  await log.record({ action: 'sign_in_failed', organisationId: null, actor: null, subjectId: randomUUID(), details });
  await log.record({ action: 'sign_in', organisationId: null, actor: { userId: randomUUID(), name: '日本 🦊' } });
  expect(await verify(null)).toMatchObject({ intact: true, entries: 2 });
});

describe('what an owner of the server does is found:', () => {
  const place = (position: number) =>
    `(select event_id from audit_links where position = ${position} and organisation_id = '${organisationId}')`;

  test.each<[string, string, string[], number]>([
    ['a changed entry', 'changed', [`update audit_events set actor_name = 'Nobody' where id = ${place(3)}`], 3],
    ['a changed time', 'changed', [`update audit_events set at = at - interval '1 hour' where id = ${place(2)}`], 2],
    [
      'a missing entry',
      'missing',
      [`delete from audit_links where position = 4`, `delete from audit_events where details ->> 'note' = 'entry 4'`],
      4,
    ],
    [
      'two entries in each other’s place',
      'changed',
      [
        `update audit_links set position = 100 where position = 2`,
        `update audit_links set position = 2 where position = 5`,
        `update audit_links set position = 5 where position = 100`,
      ],
      2,
    ],
    [
      'a cut end',
      'cut',
      [`delete from audit_links where position > 4`, `delete from audit_events where details ->> 'note' > 'entry 4'`],
      5,
    ],
    [
      'a chain that was written anew',
      'rewritten',
      [
        `update audit_events set actor_name = 'Nobody' where id = ${place(6)}`,
        `update audit_links l set hash = audit_digest(p.hash, l.position, e) from audit_links p, audit_events e
           where l.position = 6 and p.position = 5 and e.id = l.event_id`,
      ],
      6,
    ],
  ])('%s', async (_what, kind, statements, position) => {
    await writeMany(6);
    await anchors.sign();
    expect(await verify()).toMatchObject({ intact: true, entries: 6, anchors: 1 });
    await tamper(...statements);
    expect((await verify()).fault).toMatchObject({ kind, position });
  });

  test('an entry that went past the chain', async () => {
    await writeMany(2);
    await tamper(`insert into audit_events (organisation_id, action) values ('${organisationId}', 'sign_in')`);
    expect((await verify()).fault).toMatchObject({ kind: 'unchained' });
  });

  test('a signed head of a key that is not ours', async () => {
    await writeMany(2);
    await anchors.sign();
    expect((await verify(organisationId, testKey().trusted)).fault).toMatchObject({ kind: 'forged', position: 2 });
  });
});

test('a role that skips plain triggers skips neither the chain nor the refusal', async () => {
  await asRole(fresh.superuserUrl, { organisations: 'all' }, async (client) => {
    await client.query(`set session_replication_role = replica`);
    await client.query(`insert into audit_events (organisation_id, action) values ($1, 'sign_in')`, [organisationId]);
    await expect(client.query(`update audit_events set action = 'sign_out'`)).rejects.toMatchObject({ code: '42501' });
  });
  expect(await verify()).toMatchObject({ intact: true, entries: 1 });
});

test('entries of before the chain are chained when the database is brought forward', async () => {
  await migrate({ url: fresh.ownerUrl, to: '0001-foundation' });
  await asRole(fresh.ownerUrl, { organisations: 'all' }, async (client) => {
    for (const chain of [organisationId, null, organisationId]) {
      await client.query(`insert into audit_events (organisation_id, action) values ($1, 'sign_in')`, [chain]);
    }
  });
  await migrate({ url: fresh.ownerUrl });
  await write('afterwards');
  expect(await verify()).toMatchObject({ intact: true, entries: 3 });
  expect(await verify(null)).toMatchObject({ intact: true, entries: 1 });
});

describe('a reader', () => {
  const reader = () => new AuditReader(database);
  const page = (filter: object) => reader().page(owner, organisationId, { limit: 50, ...filter });
  const notes = async (filter: object) => (await page(filter)).items.map(({ details }) => details['note']);

  test('finds by action, person, router, time and text, and takes nothing in them for a pattern', async () => {
    const [other, routerId, sessionId] = [randomUUID(), randomUUID(), randomUUID()];
    await asRole(fresh.ownerUrl, { organisations: 'all' }, async (client) => {
      await client.query(`insert into organisations (id, name) values ($1, 'o')`, [organisationId]);
      await client.query(`insert into users (id, issuer, subject, name) values ($1, 'i', 's', 'u')`, [owner.userId]);
      await client.query(
        `insert into routers (id, organisation_id, owner_id, name, user_name, attachment, authentication)
         values ($1, $2, $3, 'r', 'root', 'enrolled', 'bastion_key')`,
        [routerId, organisationId, owner.userId],
      );
      await client.query(
        `insert into bastion_sessions (id, organisation_id, router_id, router_name, user_id, user_name, state)
         values ($1, $2, $3, 'r', $4, 'u', 'live')`,
        [sessionId, organisationId, routerId, owner.userId],
      );
    });
    const entry = { organisationId, actor: owner } as const;
    await log.record({ ...entry, action: 'router_tested', subjectId: routerId, details: { note: 'tested' } });
    await log.record({ ...entry, action: 'session_live', subjectId: sessionId, details: { note: 'live' } });
    await log.record({ ...entry, action: 'member_added', subjectId: other, details: { note: '100%_sure' } });
    await log.record({ ...entry, actor: null, action: 'session_ended', details: { note: `it's "over"` } });

    expect(await notes({ action: 'router_tested' })).toEqual(['tested']);
    expect(await notes({ personId: other })).toEqual(['100%_sure']);
    expect(await notes({ personId: owner.userId })).toEqual(['100%_sure', 'live', 'tested']);
    expect(await notes({ routerId })).toEqual(['live', 'tested']);
    expect(await notes({ text: 'TESTED' })).toEqual(['tested']);
    expect(await notes({ text: '%_s' })).toEqual(['100%_sure']);
    expect(await notes({ text: `it's \\"o` })).toEqual([]);
    expect(await notes({ text: `it's "O` })).toEqual([`it's "over"`]);
    expect(await notes({ from: '2020-01-01T00:00:00Z', until: '2020-01-02T00:00:00Z' })).toEqual([]);
    expect(await notes({ from: '2020-01-01T00:00:00Z' })).toHaveLength(4);
  });

  test('gets a long trail whole, once each, with the places of the chain', async () => {
    await asRole(fresh.ownerUrl, { organisations: 'all' }, (client) =>
      client.query(
        `insert into audit_events (organisation_id, action, details)
         select $1, 'sign_in', jsonb_build_object('note', n) from generate_series(1, 1234) n`,
        [organisationId],
      ),
    );
    const seen: number[] = [];
    for await (const batch of reader().batches(owner, organisationId, {})) {
      for (const { position, hash } of batch) {
        seen.push(position ?? 0);
        expect(hash).toMatch(/^[0-9a-f]{64}$/u);
      }
    }
    expect(seen.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 1_234 }, (_, index) => index + 1));
    expect(await verify()).toMatchObject({ intact: true, entries: 1_234 });
  });

  test('of another organisation finds nothing', async () => {
    await write('mine');
    const stranger = { ...owner, memberships: [{ organisationId: randomUUID(), role: 'owner' as const }] };
    await expect(reader().page(stranger, organisationId, { limit: 50 })).rejects.toMatchObject({ code: 'not_found' });
  });
});
