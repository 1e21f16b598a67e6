import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asRole } from '@netpilot/db/test/tenant.ts';
import { AuditEvent } from '../../contract/audit.ts';
import { FileUploadView } from '../../contract/file-api.ts';
import { OperationRun } from '../../contract/operation-runs.ts';
import type { OperationName } from '../../contract/operations/catalogue.ts';
import { Member, type Organisation } from '../../contract/organisations.ts';
import { Lock, type LockInput } from '../../contract/oversight.ts';
import { pageOf } from '../../contract/page.ts';
import { Problem } from '../../contract/problems.ts';
import type { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { refusalOf } from './session-files.ts';

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
  /** A request of carol's for bytes, or with a stream of them. */
  const send = (method: string, path: string, body?: ReadableStream) => {
    const url = new URL(`/api/v1${path}`, carol.url);
    const headers = { cookie: carol.jar.header(url) ?? '', origin: carol.url };
    const type = { 'content-type': 'application/octet-stream' };
    const stream = { body, duplex: 'half', headers: { ...headers, ...type } };
    return fetch(url, { method, headers, ...(body === undefined ? {} : stream) });
  };
  /** The newest audit entries of an action. */
  const audited = async (action: AuditEvent['action']) => {
    const { items } = await alice.ask(pageOf(AuditEvent), 'GET', `/organisations/${organisation.id}/audit?limit=100`);
    return items.filter((event) => event.action === action);
  };
  /** Has the router hold up each command from now on, until it lets go of them; they do nothing then. */
  const holdCommands = () => {
    const [hold, begun] = [join(router.directory, 'hold'), join(router.directory, 'begun')];
    rmSync(begun, { force: true });
    writeFileSync(hold, '');
    // The shell of a command that comes over SSH reads this first.
    const wait = `echo >> '${begun}'; while [ -e '${hold}' ]; do sleep 0.1; done; exit 1`;
    writeFileSync(join(router.directory, '.bashrc'), `if [ -e '${hold}' ]; then ${wait}; fi\n`);
    return {
      by: (commands: number) =>
        eventually(
          'the commands to begin',
          () => existsSync(begun) && readFileSync(begun, 'utf8').split('\n').length > commands,
        ),
      letGo: () => rmSync(hold),
    };
  };
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

  test('cuts a download and an upload that are under way, and both are on record', async () => {
    const { session } = await busy(carol);
    const large = join(router.directory, 'large');
    writeFileSync(large, '');
    truncateSync(large, 2 ** 30);
    const down = (await send('GET', `/sessions/${session.id}/files/content?path=${large}`)).body?.getReader();
    await down?.read();
    const path = join(router.directory, 'image');
    const start = { path, size: 2 ** 30, expect: { type: 'nothing' } };
    const { uploadId } = await carol.ask(FileUploadView, 'POST', `/sessions/${session.id}/files/uploads`, start);
    const begun = new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(200_000)) });
    const up = send('PATCH', `/sessions/${session.id}/files/uploads/${uploadId}?path=${path}&offset=0`, begun);
    const arrived = () => readdirSync(router.directory).find((name) => name.endsWith('.part')) ?? '';
    await eventually('some of the upload to arrive', () => readFileSync(join(router.directory, arrived())).length > 0);

    const set = await lock(alice, { type: 'user', userId: carolId });
    const rest = async () => {
      for (;;) if ((await down?.read())?.done !== false) return;
    };
    await expect(rest()).rejects.toThrow();
    expect(await refusalOf(await up)).toEqual([409, 'session_over']);
    const ends = await eventually('the ends to be on record', async () => {
      const found = (await audited('file_transfer_ended')).filter(({ subjectId }) => subjectId === session.id);
      return found.length === 2 ? found : null;
    });
    expect(ends.map(({ details }) => [details['direction'], details['result'], details['reason']]).toSorted()).toEqual([
      ['download', 'cut', 'session_over'],
      ['upload', 'cut', 'session_over'],
    ]);
    expect(await carol.sessionIn(session.id, 'ended')).toMatchObject({ endReason: 'lock' });
    await alice.tell('DELETE', `/locks/${set.id}`);
    rmSync(large);
  });

  test('cuts operations that run and those that wait, and leaves those of others alone', async () => {
    const { id: hers } = await alice.liveSession(router.id);
    const operate = (person: TestPerson, sessionId: string, name: OperationName) =>
      person.fetch('POST', `/sessions/${sessionId}/operations/${name}`, {});
    const runsOf = async (sessionId: string) => {
      const { items } = await alice.ask(pageOf(OperationRun), 'GET', `/routers/${router.id}/operations`);
      return items.filter((run) => run.sessionId === sessionId);
    };
    const lockDuring = async (session: Session, answers: Promise<Response>[]) => {
      const set = await lock(alice, { type: 'user', userId: carolId });
      for (const answer of answers) expect(await refusalOf(await answer)).toEqual([409, 'session_over']);
      expect(await runsOf(session.id)).toMatchObject([{ operation: 'usage.start', problem: 'session_over' }]);
      const failed = await audited('router_operation_failed');
      expect(failed[0]?.details).toMatchObject({ operation: 'usage.start', problem: 'session_over' });
      await alice.tell('DELETE', `/locks/${set.id}`);
    };

    const { session: running } = await busy(carol);
    const held = holdCommands();
    const answers = [operate(carol, running.id, 'usage.start'), operate(carol, running.id, 'devices.scan')];
    await held.by(2);
    await lockDuring(running, answers);
    held.letGo();

    const { session: waiting } = await busy(carol);
    const heldAgain = holdCommands();
    const another = operate(alice, hers, 'usage.start');
    await heldAgain.by(1);
    const behind = operate(carol, waiting.id, 'usage.start');
    await eventually('the change to wait in line', async () => (await runsOf(waiting.id))[0]?.state === 'queued');
    await lockDuring(waiting, [behind]);
    expect(await runsOf(hers)).toMatchObject([{ state: 'running' }]);
    heldAgain.letGo();
    expect(await refusalOf(await another)).not.toContain('session_over');
    await alice.tell('DELETE', `/sessions/${hers}`);
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
