import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asRole } from '@netpilot/db/test/tenant.ts';
import { Member, type Organisation } from '../../contract/organisations.ts';
import { Lock, type LockInput } from '../../contract/oversight.ts';
import { Problem } from '../../contract/problems.ts';
import type { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

const MESSAGE = 'Under repair until noon.';

describe('a lock', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let carol: TestPerson;
  let root: TestPerson;
  let organisation: Organisation;
  let router: TestRouter;
  let carolId: string;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    alice = await bastion.signIn('alice');
    carol = await bastion.signIn('carol');
    root = await bastion.signIn('root');
    await bastion.signIn('dave');
    organisation = await alice.newOrganisation('One');
    carolId = (await addMember('carol@one.test', 'operator')).userId;
    router = await bastion.enrolRouter(alice, organisation.id);
  });
  afterAll(() => bastion?.close());

  const addMember = (email: string, role: string) =>
    alice.ask(Member, 'POST', `/organisations/${organisation.id}/members`, { email, role });
  const lock = (by: TestPerson, target: LockInput['target'], rest: Partial<LockInput> = {}) =>
    by.ask(Lock, 'POST', '/locks', {
      organisationId: organisation.id,
      target,
      message: MESSAGE,
      expiresAt: null,
      ...rest,
    });
  /** A live session in which something is always on its way. */
  const busy = async (person: TestPerson) => {
    const session = await person.liveSession(router.id);
    const terminal = await person.openTerminal(session.id);
    terminal.type('while :; do echo tick; sleep 0.02; done\n');
    await terminal.sees(/tick\r\ntick/u);
    return { session, terminal };
  };
  /** Every way in to a session. */
  const paths = (session: Session, terminal: number): [string, string, unknown?][] => [
    ['POST', `/sessions/${session.id}/exec`, { command: 'true' }],
    ['GET', `/sessions/${session.id}/terminals`],
    ['POST', `/sessions/${session.id}/terminals`, { cols: 80, rows: 24 }],
    ['DELETE', `/sessions/${session.id}/terminals/${terminal}`],
    ['GET', `/sessions/${session.id}/files/list?path=/etc`],
    ['GET', `/sessions/${session.id}/files/content?path=/etc/hostname`],
    ['POST', `/sessions/${session.id}/files/changes`, { type: 'create_folder', path: '/tmp/np' }],
    ['POST', `/sessions/${session.id}/operations/devices.scan`, {}],
  ];
  const closeCode = (person: TestPerson, path: string) =>
    new Promise<number>((resolve) => {
      const socket = person.webSocket(path);
      socket.on('close', resolve);
      socket.on('error', () => undefined);
    });

  const targets: [string, () => TestPerson, () => LockInput['target'], Partial<LockInput>][] = [
    ['a person', () => alice, () => ({ type: 'user', userId: carolId }), {}],
    ['a person everywhere', () => root, () => ({ type: 'user', userId: carolId }), { organisationId: null }],
    ['a router', () => alice, () => ({ type: 'router', routerId: router.id }), {}],
    ['an organisation', () => root, () => ({ type: 'organisation' }), {}],
    ['a role', () => alice, () => ({ type: 'role', role: 'operator' }), {}],
  ];

  test.each(targets)(
    'on %s cuts its sessions, refuses every path and new ones, until it is lifted',
    async (_, by, target, rest) => {
      const { session, terminal } = await busy(carol);
      const set = await lock(by(), target(), rest);
      expect(await terminal.closed).toBe(4410);
      const { offset } = terminal;
      expect(await carol.sessionIn(session.id, 'ended')).toMatchObject({ endReason: 'lock', endDetail: MESSAGE });
      for (const [method, path, body] of paths(session, terminal.id)) {
        const refusal = await carol.refusal(method, path, body);
        expect([path, refusal]).toEqual([path, [409, 'session_over']]);
      }
      const attach = `/sessions/${session.id}/terminals/${terminal.id}/attach`;
      expect(await closeCode(carol, `${attach}?offset=${offset}`)).toBe(4410);
      expect(terminal.offset).toBe(offset);

      const refused = await carol.fetch('POST', '/sessions', { routerId: router.id });
      expect([refused.status, Problem.parse(await refused.json())]).toMatchObject([
        403,
        { code: 'locked', detail: MESSAGE },
      ]);
      await by().tell('DELETE', `/locks/${set.id}`);
      const { id } = await carol.liveSession(router.id);
      await carol.tell('DELETE', `/sessions/${id}`);
    },
  );

  test('cuts a command that is under way, and what it would have said is not told', async () => {
    const { session } = await busy(carol);
    const runs = join(router.directory, 'runs');
    const command = `touch '${runs}'; echo said; sleep 600`;
    const answer = carol
      .fetch('POST', `/sessions/${session.id}/exec`, { command, timeoutSeconds: 600 })
      .then(async (response) => [response.ok, await response.text()] as const);
    await eventually('the command to run', () => existsSync(runs));
    const set = await lock(alice, { type: 'user', userId: carolId });
    const [ok, text] = await answer;
    expect([ok, text.includes('said')]).toEqual([false, false]);
    expect(Problem.parse(JSON.parse(text)).code).toBe('session_over');
    expect(await carol.sessionIn(session.id, 'ended')).toMatchObject({ endReason: 'lock' });
    await alice.tell('DELETE', `/locks/${set.id}`);
  });

  test('ends by itself when its time is over', async () => {
    await lock(alice, { type: 'user', userId: carolId }, { expiresAt: new Date(Date.now() + 2_000).toISOString() });
    const session = await eventually('a session to be let in', () => carol.startSession(router.id));
    await carol.sessionIn(session.id, 'live');
    await carol.tell('DELETE', `/sessions/${session.id}`);
    expect(
      await alice.refusal('POST', '/locks', {
        organisationId: organisation.id,
        target: { type: 'organisation' },
        message: MESSAGE,
        expiresAt: '2020-01-01T00:00:00Z',
      }),
    ).toEqual([400, 'invalid_request']);
  });

  test('that another process sets is heard of from the database', async () => {
    const { session, terminal } = await busy(carol);
    const id = randomUUID();
    await asRole(bastion.database.apiUrl, { organisations: organisation.id }, (client) =>
      client.query(
        `insert into locks (id, organisation_id, target, router_id, target_name, message, created_by_name)
         values ($1, $2, 'router', $3, 'router', $4, 'another process')`,
        [id, organisation.id, router.id, MESSAGE],
      ),
    );
    expect(await terminal.closed).toBe(4410);
    expect(await carol.sessionIn(session.id, 'ended')).toMatchObject({ endReason: 'lock' });
    await alice.tell('DELETE', `/locks/${id}`);
  });

  test('on somebody who watches ends the watching, not the session', async () => {
    const dave = await bastion.signIn('dave');
    const { userId } = await addMember('dave@one.test', 'admin');
    const { session, terminal } = await busy(carol);
    const watching = await dave.look(session.id, terminal.id);
    const set = await lock(alice, { type: 'user', userId });
    expect(await watching.closed).toBe(4404);
    expect(await closeCode(dave, `/oversight/sessions/${session.id}/terminals/${terminal.id}/watch`)).toBe(4404);
    const { offset } = terminal;
    await eventually('the session to go on', () => terminal.offset > offset);
    await alice.tell('DELETE', `/locks/${set.id}`);
    await carol.tell('DELETE', `/sessions/${session.id}`);
  });

  test('is only for what is there, and set by those who may', async () => {
    const bob = await bastion.signIn('bob');
    const other = await bob.newOrganisation('Two');
    const input = (organisationId: string | null, target: unknown) => ({
      organisationId,
      target,
      message: MESSAGE,
      expiresAt: null,
    });
    const refusal = (by: TestPerson, body: object) => by.refusal('POST', '/locks', body);
    expect(await refusal(bob, input(organisation.id, { type: 'organisation' }))).toEqual([404, 'not_found']);
    expect(await refusal(bob, input(other.id, { type: 'router', routerId: router.id }))).toEqual([404, 'not_found']);
    expect(await refusal(bob, input(other.id, { type: 'user', userId: carolId }))).toEqual([404, 'not_found']);
    expect(await refusal(bob, input(null, { type: 'user', userId: carolId }))).toEqual([404, 'not_found']);
    expect(await refusal(carol, input(organisation.id, { type: 'organisation' }))).toEqual([403, 'forbidden']);
    expect(await refusal(root, input(null, { type: 'organisation' }))).toEqual([400, 'invalid_request']);
    const { id } = await lock(alice, { type: 'role', role: 'viewer' });
    expect(await bob.refusal('DELETE', `/locks/${id}`)).toEqual([404, 'not_found']);
    expect(await carol.refusal('DELETE', `/locks/${id}`)).toEqual([404, 'not_found']);
    await alice.tell('DELETE', `/locks/${id}`);
  });
});
