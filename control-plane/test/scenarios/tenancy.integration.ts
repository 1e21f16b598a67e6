import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AuditEvent } from '../../contract/audit.ts';
import { Member, Organisation } from '../../contract/organisations.ts';
import { pageOf } from '../../contract/page.ts';
import { Router, RouterCreated } from '../../contract/routers.ts';
import { TestBastion } from '../harness/bastion.ts';
import type { TestPerson } from '../harness/person.ts';

const Routers = pageOf(Router);
const Trail = pageOf(AuditEvent);
const Organisations = z.strictObject({ items: z.array(Organisation) });

describe('tenancy', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let carol: TestPerson;
  let root: TestPerson;
  let one: Organisation;
  let two: Organisation;
  let router: Router;

  beforeAll(async () => {
    bastion = await TestBastion.start({ gateway: { NETPILOT_WARM_POOL: '0' } });
    [alice, bob, carol, root] = await Promise.all([
      bastion.signIn('alice'),
      bastion.signIn('bob'),
      bastion.signIn('carol'),
      bastion.signIn('root'),
    ]);
    one = await alice.newOrganisation('One');
    two = await bob.newOrganisation('Two');
    ({ router } = await alice.ask(RouterCreated, 'POST', '/routers', {
      attachment: 'enrolled',
      organisationId: one.id,
      name: 'Attic',
    }));
  });
  afterAll(() => bastion?.close());

  test('a foreign id and an unknown id answer the same', async () => {
    for (const [method, path, body] of [
      ['GET', '/routers/:id', undefined],
      ['PATCH', '/routers/:id', { name: 'Mine' }],
      ['DELETE', '/routers/:id', undefined],
      ['POST', '/routers/:id/enrolment', undefined],
      ['POST', '/routers/:id/test', undefined],
      ['POST', '/routers/:id/host-key', { fingerprint: `SHA256:${'A'.repeat(43)}` }],
    ] as const) {
      const foreign = await bob.refusal(method, path.replace(':id', router.id), body);
      expect([method, path, foreign]).toEqual([method, path, [404, 'not_found']]);
      expect(await bob.refusal(method, path.replace(':id', randomUUID()), body)).toEqual(foreign);
    }
    expect(await bob.refusal('POST', '/sessions', { routerId: router.id })).toEqual([404, 'not_found']);
    expect(await bob.refusal('GET', `/organisations/${one.id}`)).toEqual([404, 'not_found']);
    expect(await bob.refusal('GET', `/organisations/${one.id}/audit`)).toEqual([404, 'not_found']);
    expect(await bob.refusal('GET', `/routers?organisationId=${one.id}`)).toEqual([404, 'not_found']);
    expect(
      await bob.refusal('POST', '/routers', { attachment: 'enrolled', organisationId: one.id, name: 'Mine' }),
    ).toEqual([404, 'not_found']);
    expect(await alice.ask(Router, 'GET', `/routers/${router.id}`)).toMatchObject({ name: 'Attic' });
  });

  test('lists hold one’s own only', async () => {
    expect((await bob.ask(Routers, 'GET', '/routers')).items).toEqual([]);
    expect((await alice.ask(Routers, 'GET', '/routers')).items.map((item) => item.id)).toEqual([router.id]);
    expect((await bob.ask(Organisations, 'GET', '/organisations')).items.map((item) => item.id)).toEqual([two.id]);
    // Overseeing sessions is not owning routers.
    expect((await root.ask(Routers, 'GET', '/routers')).items).toEqual([]);
  });

  test('a member does what the role allows, and loses it with the role', async () => {
    const member = await alice.ask(Member, 'POST', `/organisations/${one.id}/members`, {
      email: 'Carol@One.test',
      role: 'viewer',
    });
    expect((await carol.ask(Routers, 'GET', '/routers')).items).toHaveLength(1);
    const create = { attachment: 'enrolled', organisationId: one.id, name: 'Cellar' };
    expect(await carol.refusal('POST', '/routers', create)).toEqual([403, 'forbidden']);
    expect(await carol.refusal('PATCH', `/routers/${router.id}`, { name: 'X' })).toEqual([403, 'forbidden']);
    expect(
      await carol.refusal('PATCH', `/organisations/${one.id}/members/${member.userId}`, { role: 'admin' }),
    ).toEqual([403, 'forbidden']);
    await alice.ask(Member, 'PATCH', `/organisations/${one.id}/members/${member.userId}`, { role: 'admin' });
    const { router: cellar } = await carol.ask(RouterCreated, 'POST', '/routers', create);
    expect(
      await carol.refusal('PATCH', `/organisations/${one.id}/members/${member.userId}`, { role: 'owner' }),
    ).toEqual([403, 'forbidden']);
    await alice.tell('DELETE', `/organisations/${one.id}/members/${member.userId}`);
    expect(await carol.refusal('GET', `/routers/${cellar.id}`)).toEqual([404, 'not_found']);
    await alice.tell('DELETE', `/routers/${cellar.id}`);
  });

  test('an organisation keeps an owner', async () => {
    const me = await alice.me();
    const self = `/organisations/${one.id}/members/${me.id}`;
    expect(await alice.refusal('DELETE', self)).toEqual([409, 'last_owner']);
    expect(await alice.refusal('PATCH', self, { role: 'viewer' })).toEqual([409, 'last_owner']);
    expect(
      await alice.refusal('POST', `/organisations/${one.id}/members`, { email: 'alice@one.test', role: 'admin' }),
    ).toEqual([409, 'already_member']);
    expect(
      await alice.refusal('POST', `/organisations/${one.id}/members`, { email: 'nobody@one.test', role: 'admin' }),
    ).toEqual([404, 'not_found']);
  });

  test('pages follow each other without a gap or a repeat', async () => {
    const three = await alice.newOrganisation('Three');
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const created = await alice.ask(RouterCreated, 'POST', '/routers', {
        attachment: 'enrolled',
        organisationId: three.id,
        name: `R${index}`,
      });
      made.unshift(created.router.id);
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: z.infer<typeof Routers> = await alice.ask(
        Routers,
        'GET',
        `/routers?organisationId=${three.id}&limit=3${query}`,
      );
      seen.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(made);
    expect(await alice.refusal('GET', '/routers?cursor=abc')).toEqual([400, 'invalid_request']);
    await alice.tell('DELETE', `/organisations/${three.id}`);
    expect(await alice.refusal('GET', `/routers/${made[0]}`)).toEqual([404, 'not_found']);
  });

  test('every change is in the trail of its organisation, and of no other', async () => {
    const trail = await alice.ask(Trail, 'GET', `/organisations/${one.id}/audit?limit=100`);
    const actions = trail.items.map((event) => event.action);
    for (const action of [
      'organisation_created',
      'router_created',
      'member_added',
      'member_changed',
      'member_removed',
      'router_deleted',
    ] as const) {
      expect(actions).toContain(action);
    }
    expect(new Set(trail.items.map((event) => event.organisationId))).toEqual(new Set([one.id]));
    const overseen = await root.ask(Trail, 'GET', `/organisations/${one.id}/audit?limit=100`);
    expect(overseen.items).toEqual(trail.items);
  });

  test.each([
    ['a name of control characters', { attachment: 'enrolled', name: 'a\u0007b' }],
    ['a name that turns the line around', { attachment: 'enrolled', name: 'a\u202eb' }],
    ['a name of spaces', { attachment: 'enrolled', name: '   ' }],
    ['a name of 81 characters', { attachment: 'enrolled', name: 'x'.repeat(81) }],
    ['a field that is not there', { attachment: 'enrolled', name: 'a', tunnelPort: 22 }],
    [
      'a port outside the range',
      {
        attachment: 'manual',
        name: 'a',
        tunnelPort: 22,
        user: 'root',
        credential: { type: 'password', password: 'x' },
      },
    ],
    [
      'a port that is no number',
      {
        attachment: 'manual',
        name: 'a',
        tunnelPort: '0x16',
        user: 'root',
        credential: { type: 'password', password: 'x' },
      },
    ],
    [
      'a user that is an option',
      {
        attachment: 'manual',
        name: 'a',
        tunnelPort: 2301,
        user: '-oProxyCommand=id',
        credential: { type: 'password', password: 'x' },
      },
    ],
    [
      'a key that is none',
      {
        attachment: 'manual',
        name: 'a',
        tunnelPort: 2301,
        user: 'root',
        credential: { type: 'private_key', privateKey: 'x'.repeat(200) },
      },
    ],
  ])('%s is refused and changes nothing', async (_, body) => {
    const before = await alice.ask(Routers, 'GET', '/routers');
    expect(await alice.refusal('POST', '/routers', { organisationId: one.id, ...body })).toEqual([
      400,
      'invalid_request',
    ]);
    expect(await alice.ask(Routers, 'GET', '/routers')).toEqual(before);
  });

  test('bad requests are clear problems', async () => {
    const post = async (body: string, type = 'application/json') =>
      (
        await fetch(`${bastion.url}/api/v1/organisations`, {
          method: 'POST',
          body,
          headers: { 'content-type': type, origin: bastion.url, cookie: alice.jar.header(new URL(bastion.url)) ?? '' },
        })
      ).json() as Promise<{ code: string }>;
    expect(await post('{"name":')).toMatchObject({ code: 'invalid_request' });
    expect(await post(JSON.stringify({ name: 'x'.repeat(400_000) }))).toMatchObject({ code: 'body_too_large' });
    expect(await post('<xml/>', 'application/xml')).toMatchObject({ code: 'unsupported_media_type' });
    expect(await alice.refusal('GET', '/routers/not-an-id')).toEqual([400, 'invalid_request']);
    expect(await alice.refusal('GET', '/nothing/here')).toEqual([404, 'not_found']);
    expect(await alice.refusal('GET', '/routers?limit=1000')).toEqual([400, 'invalid_request']);
  });

  test('the API describes itself', async () => {
    const document = z
      .object({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await (await fetch(`${bastion.url}/api/v1/openapi.json`)).json());
    expect(document.openapi).toMatch(/^3\./u);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/me', '/api/v1/routers/{id}', '/api/v1/sessions/{id}/exec']),
    );
  });
});
