import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EmbeddedPostgres } from '@netpilot/db/embedded.ts';
import { startTestPostgres } from '@netpilot/db/test/test-postgres.ts';
import { type TestSshd, startSshd } from '@netpilot/session-image/test/sshd.ts';
import type { ExecResult, Session, Terminal } from '../../../contract/sessions.ts';
import { encodeFrame } from '../../../contract/terminal-frames.ts';
import type { Actor } from '../access/actor.ts';
import { type ApiTimes, TestApi, TestBastion, TestPage, listen, until } from './test-bastion.ts';

let postgres: EmbeddedPostgres;
let sshd: TestSshd;
let bastion: TestBastion;
let apis: TestApi[];
let operator: Actor;

beforeAll(async () => {
  postgres = await startTestPostgres();
  sshd = await startSshd();
});

afterAll(async () => {
  await sshd?.stop();
  await postgres?.destroy();
});

beforeEach(async () => {
  bastion = await TestBastion.open(await postgres.freshDatabase(), sshd);
  operator = await bastion.person('operator');
  apis = [];
});

afterEach(async () => {
  bastion.outage = null;
  for (const api of apis) await api.close();
  await bastion.close();
});

async function openApi(times?: ApiTimes): Promise<TestApi> {
  const api = await TestApi.open(bastion, times);
  apis.push(api);
  return api;
}

async function openTerminal(api: TestApi, person: Actor, sessionId: string): Promise<Terminal> {
  const size = { cols: 80, rows: 24 };
  const { status, body } = await api.request(person, 'POST', `/sessions/${sessionId}/terminals`, size);
  expect({ status, body }).toMatchObject({ status: 201 });
  return body as Terminal;
}

async function changeRow(work: (models: TestBastion['database']['models'], transaction: never) => Promise<unknown>) {
  await bastion.database.transaction({ organisations: 'all', userId: null }, (transaction) =>
    work(bastion.database.models, transaction as never),
  );
}

test('from request to end: live, a terminal that works, ended, with the row and the audit trail', async () => {
  const api = await openApi();
  const session = await api.live(operator, bastion.routerId);
  expect(session).toMatchObject({ userId: operator.userId, endReason: null, queue: null });
  const terminal = await openTerminal(api, operator, session.id);
  const page = new TestPage(api, operator, session.id, terminal.id);
  await page.type('echo "six times seven is $((6*7))"\n');
  await page.shows('six times seven is 42');
  const list = await api.request(operator, 'GET', `/sessions/${session.id}/terminals`);
  expect(list.body).toMatchObject({ items: [{ id: terminal.id, attached: true }] });

  const { status, body } = await api.request(operator, 'DELETE', `/sessions/${session.id}`);
  expect(status).toBe(200);
  expect(['ending', 'ended']).toContain((body as Session).state);
  expect(await page.closed()).toBe(4410);
  expect(page.frames).toContainEqual({
    type: 'notice',
    value: { kind: 'session_ended', text: expect.any(String) },
  });
  await api.become(operator, session.id, 'ended');
  await until('the row', async () => (await bastion.row(session.id))?.state === 'ended');
  expect(await bastion.row(session.id)).toMatchObject({ endReason: 'user', imageDigest: 'sha256:test' });
  expect(await bastion.actions(session.id)).toEqual([
    'session_requested',
    'session_live',
    'terminal_opened',
    'session_ended',
  ]);
  expect(bastion.gateway.sandboxes.size).toBe(0);
  const ended = await api.request(operator, 'GET', '/sessions?state=ended');
  expect(ended.body).toMatchObject({ items: [{ id: session.id, endReason: 'user' }], nextCursor: null });
  expect((await api.request(operator, 'GET', '/sessions?state=active')).body).toMatchObject({ items: [] });
  expect(await api.request(operator, 'GET', `/sessions/${session.id}/terminals`)).toMatchObject({
    status: 409,
    body: { code: 'session_over' },
  });
  expect(await new TestPage(api, operator, session.id, terminal.id).closed()).toBe(4410);
});

test('a command runs and is told apart from a failure', async () => {
  const api = await openApi();
  const { id } = await api.live(operator, bastion.routerId);
  const ran = await api.request(operator, 'POST', `/sessions/${id}/exec`, {
    command: 'echo out; echo err >&2; exit 3',
  });
  expect(ran.status).toBe(200);
  expect(ran.body as ExecResult).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 3, truncated: false });
  expect(await bastion.actions(id)).toContain('command_run');
});

describe('rights', () => {
  test('a stranger and a colleague get the 404 of an id that does not exist', async () => {
    const api = await openApi();
    const { id } = await api.live(operator, bastion.routerId);
    const terminal = await openTerminal(api, operator, id);
    const requests: [string, string, unknown?][] = [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/terminals'],
      ['POST', '/terminals', { cols: 80, rows: 24 }],
      ['DELETE', `/terminals/${terminal.id}`],
      ['POST', '/exec', { command: 'id' }],
    ];
    for (const person of [await bastion.person(null), await bastion.person('operator')]) {
      for (const [method, path, body] of requests) {
        const foreign = await api.request(person, method, `/sessions/${id}${path}`, body);
        const unknown = await api.request(person, method, `/sessions/${randomUUID()}${path}`, body);
        expect(foreign.status).toBe(404);
        expect({ ...(foreign.body as object), requestId: '' }).toEqual({ ...(unknown.body as object), requestId: '' });
      }
      expect(await new TestPage(api, person, id, terminal.id).closed()).toBe(4404);
      expect(await new TestPage(api, person, randomUUID(), terminal.id).closed()).toBe(4404);
      expect((await api.request(person, 'GET', '/sessions')).body).toMatchObject({ items: [] });
    }
    expect((await api.session(operator, id)).state).toBe('live');
  });

  test('an administrator oversees and ends, but does not use', async () => {
    const api = await openApi();
    const admin = await bastion.person('admin');
    const { id } = await api.live(operator, bastion.routerId);
    const terminal = await openTerminal(api, operator, id);
    const seen = await api.request(admin, 'GET', `/oversight/sessions?organisationId=${bastion.organisationId}`);
    expect(seen.body).toMatchObject({ items: [{ id, userId: operator.userId }] });
    expect((await api.request(admin, 'POST', `/sessions/${id}/exec`, { command: 'id' })).status).toBe(403);
    expect(await new TestPage(api, admin, id, terminal.id).closed()).toBe(4404);
    expect(
      (await api.request(operator, 'GET', `/oversight/sessions?organisationId=${bastion.organisationId}`)).status,
    ).toBe(403);
    expect((await api.request(operator, 'GET', `/oversight/sessions?organisationId=${randomUUID()}`)).status).toBe(404);
    await api.request(admin, 'DELETE', `/sessions/${id}`);
    expect(await api.become(operator, id, 'ended')).toMatchObject({ endReason: 'admin' });
  });

  test('a viewer starts nothing, and a router of others is not there', async () => {
    const api = await openApi();
    const start = (person: Actor, routerId: string) => api.request(person, 'POST', '/sessions', { routerId });
    expect((await start(await bastion.person('viewer'), bastion.routerId)).status).toBe(403);
    expect((await start(await bastion.person(null), bastion.routerId)).status).toBe(404);
    expect((await start(operator, randomUUID())).status).toBe(404);
    expect(bastion.gateway.fake.calls.filter(({ verb }) => verb === 'start_session')).toEqual([]);
  });

  test.each<[string, (bastion: TestBastion, person: Actor) => Promise<unknown>]>([
    [
      'membership is removed',
      (_, { userId }) =>
        changeRow(({ Membership }, transaction) => Membership.destroy({ where: { userId }, transaction })),
    ],
    [
      'role is lowered',
      (_, { userId }) =>
        changeRow(({ Membership }, transaction) =>
          Membership.update({ role: 'viewer' }, { where: { userId }, transaction }),
        ),
    ],
    [
      'person is disabled',
      (_, { userId }) =>
        changeRow(({ User }, transaction) =>
          User.update({ disabledAt: new Date() }, { where: { id: userId }, transaction }),
        ),
    ],
    [
      'sign-in is revoked',
      (_, { loginSessionId }) =>
        changeRow(({ LoginSession }, transaction) =>
          LoginSession.update(
            { revokedAt: new Date(), revokedReason: 'test' },
            { where: { id: loginSessionId }, transaction },
          ),
        ),
    ],
    [
      'router is deleted',
      ({ routerId }) =>
        changeRow(({ Router }, transaction) => Router.destroy({ where: { id: routerId }, transaction })),
    ],
  ])('the session ends when its %s', async (_name, change) => {
    const api = await openApi();
    const { id } = await api.live(operator, bastion.routerId);
    const terminal = await openTerminal(api, operator, id);
    const page = new TestPage(api, operator, id, terminal.id);
    await page.type('echo re""ady\n');
    await page.shows('ready');
    await change(bastion, operator);
    expect([4401, 4410]).toContain(await page.closed());
    await until('the row', async () => (await bastion.row(id))?.state === 'ended');
    expect(await bastion.row(id)).toMatchObject({ endReason: 'access_lost' });
    expect(bastion.gateway.sandboxes.size).toBe(0);
  });
});

describe('crashes', () => {
  test('after a restart of the api the same shell goes on where it was', async () => {
    const first = await openApi();
    const { id } = await first.live(operator, bastion.routerId);
    const terminal = await openTerminal(first, operator, id);
    const page = new TestPage(first, operator, id, terminal.id);
    await page.type('kept=yes; echo be""fore\n');
    await page.shows('before');
    await first.close();
    apis = [];

    const second = await openApi();
    await until('the connection', async () => {
      const session = await second.session(operator, id);
      return session.state === 'live' && session.reconnecting === null;
    });
    const again = new TestPage(second, operator, id, terminal.id, page.offset);
    await again.type('echo "kept is $kept"\n');
    await again.shows('kept is yes');
    expect(again.output).not.toContain('before');
    expect(again.frames.find(({ type }) => type === 'attached')).toMatchObject({
      value: { offset: page.offset, truncated: false },
    });
  });

  test('a session that the gateway does not know has ended, one that only the gateway knows is ended', async () => {
    const first = await openApi();
    const { id } = await first.live(operator, bastion.routerId);
    const other = await first.live(operator, bastion.routerId);
    await first.close();
    apis = [];
    await bastion.gateway.kill(id, 'exited');
    const past = { state: 'ended', endReason: 'user', endedAt: new Date() } as const;
    await changeRow(({ BastionSession }, transaction) =>
      BastionSession.update(past, { where: { id: other.id }, transaction }),
    );
    const second = await openApi();
    expect(await second.become(operator, id, 'ended')).toMatchObject({ endReason: 'sandbox_lost' });
    await until('the sandbox of nobody to go', () => bastion.gateway.sandboxes.size === 0);
  });

  test('a session of another process on the same gateway is left alone', async () => {
    const [first, second] = [await openApi(), await openApi()];
    const { id } = await first.live(operator, bastion.routerId);
    await second.sessions.reconcile();
    expect(bastion.gateway.sandboxes.has(id)).toBe(true);
    expect((await first.session(operator, id)).state).toBe('live');
    // Its row answers for it.
    expect(await second.session(operator, id)).toMatchObject({ id, state: 'live' });
  });

  test('a session that waits is asked for again when the gateway has forgotten its line', async () => {
    bastion.gateway.full = true;
    const api = await openApi();
    const { body } = await api.request(operator, 'POST', '/sessions', { routerId: bastion.routerId });
    const { id } = body as Session;
    await api.become(operator, id, 'queued');
    await bastion.gateway.restart();
    await until(
      'it to be asked for again',
      () =>
        bastion.gateway.fake.calls.filter((call) => call.verb === 'start_session' && call.sessionId === id).length > 1,
    );
    expect((await api.session(operator, id)).state).toBe('queued');
    bastion.gateway.admit();
    await api.become(operator, id, 'live');
  });

  test('a sandbox that dies ends its session', async () => {
    const api = await openApi();
    const { id } = await api.live(operator, bastion.routerId);
    await bastion.gateway.kill(id, 'out_of_memory');
    expect(await api.become(operator, id, 'ended')).toMatchObject({ endReason: 'sandbox_lost' });
  });

  test('without the database a terminal works on, and the row is written afterwards', async () => {
    const api = await openApi();
    const { id } = await api.live(operator, bastion.routerId);
    const terminal = await openTerminal(api, operator, id);
    const page = new TestPage(api, operator, id, terminal.id);
    await page.type('echo re""ady\n');
    await page.shows('ready');
    bastion.outage = Object.assign(new Error('Connection terminated'), { code: '57P01' });
    await page.type('echo still he""re\n');
    await page.shows('still here');
    expect((await api.session(operator, id)).state).toBe('live');
    await api.request(operator, 'DELETE', `/sessions/${id}`);
    expect(await page.closed()).toBe(4410);
    bastion.outage = null;
    await until('the row', async () => (await bastion.row(id))?.state === 'ended');
    expect(await bastion.actions(id)).toContain('session_ended');
  });
});

describe('a router that goes away', () => {
  test('is waited for and comes back', async () => {
    const api = await openApi();
    const { id } = await api.live(operator, bastion.routerId);
    bastion.gateway.port = null;
    bastion.gateway.cutTunnels();
    await until('reconnecting', async () => (await api.session(operator, id)).reconnecting);
    expect((await api.request(operator, 'POST', `/sessions/${id}/exec`, { command: 'id' })).status).toBe(409);
    bastion.gateway.port = sshd.port;
    await until('the router', async () => (await api.session(operator, id)).reconnecting === null);
    const ran = await api.request(operator, 'POST', `/sessions/${id}/exec`, { command: 'echo back' });
    expect(ran.body).toMatchObject({ stdout: 'back\n' });
  });

  test('ends the session when it stays away', async () => {
    const api = await openApi({ routerWaitMs: 1_500 });
    const { id } = await api.live(operator, bastion.routerId);
    bastion.gateway.port = null;
    bastion.gateway.cutTunnels();
    expect(await api.become(operator, id, 'ended')).toMatchObject({ endReason: 'router_lost' });
    expect(bastion.gateway.sandboxes.size).toBe(0);
  });

  test('with another host key nothing is connected, and the key is kept for the owner', async () => {
    bastion.hostKey = sshd.keys.ed25519.publicKey;
    const api = await openApi();
    const { body } = await api.request(operator, 'POST', '/sessions', { routerId: bastion.routerId });
    const ended = await api.become(operator, (body as Session).id, 'ended');
    expect(ended).toMatchObject({ endReason: 'host_key_changed', liveAt: null });
    expect(bastion.seen).toEqual([sshd.hostKey]);
  });
});

describe('limits', () => {
  test('an idle session is warned of and ended', async () => {
    const api = await openApi({ idleMs: 6_000 });
    const { id } = await api.live(operator, bastion.routerId);
    const terminal = await openTerminal(api, operator, id);
    const page = new TestPage(api, operator, id, terminal.id);
    await until('the warning', () =>
      page.frames.some((frame) => frame.type === 'notice' && frame.value.kind === 'warning'),
    );
    expect(await api.become(operator, id, 'ended')).toMatchObject({ endReason: 'idle' });
    expect(await page.closed()).toBe(4410);
  });

  test('the longest time ends a session whatever is typed', async () => {
    const api = await openApi({ lifetimeMs: 4_000 });
    const { id } = await api.live(operator, bastion.routerId);
    expect(await api.become(operator, id, 'ended')).toMatchObject({ endReason: 'lifetime' });
  });

  test('a queued session waits while its page is there and is given up afterwards', async () => {
    bastion.gateway.full = true;
    const api = await openApi({ queuePresenceMs: 1 });
    const events = api.socket(operator, '/events');
    const heard = listen(events);
    await once(events, 'open');
    const { body } = await api.request(operator, 'POST', '/sessions', { routerId: bastion.routerId });
    const { id } = body as Session;
    await until('its place', () =>
      heard.some((event) => event.type === 'session' && event.session.id === id && event.session.queue?.position === 1),
    );
    events.close();
    await until('the row', async () => (await bastion.row(id))?.state === 'ended');
    expect(await bastion.row(id)).toMatchObject({ endReason: 'abandoned', liveAt: null });
  });
});

test('a connection test connects, or says why not, and leaves nothing', async () => {
  const api = await openApi();
  await expect(api.probe.probe(bastion.routerId, operator)).resolves.toMatchObject({ type: 'connected' });
  bastion.hostKey = null;
  await expect(api.probe.probe(bastion.routerId, operator)).resolves.toMatchObject({
    type: 'failed',
    finding: 'host_key_unconfirmed',
    hostKey: sshd.hostKey,
  });
  expect(bastion.seen).toEqual([sshd.hostKey]);
  await until('its sandbox to go', () => bastion.gateway.sandboxes.size === 0);
  expect((await api.request(operator, 'GET', '/sessions')).body).toMatchObject({ items: [] });
});

test('events go to those who may see, and a page with old memberships is sent away', async () => {
  const api = await openApi();
  const [admin, stranger, colleague] = [
    await bastion.person('admin'),
    await bastion.person(null),
    await bastion.person('operator'),
  ];
  const pages = [operator, admin, stranger, colleague].map((person) => {
    const socket = api.socket(person, '/events');
    return { socket, heard: listen(socket) };
  });
  for (const { heard } of pages) await until('hello', () => heard.some(({ type }) => type === 'hello'));
  const { id } = await api.live(operator, bastion.routerId);
  const states = (index: number) =>
    (pages[index]?.heard ?? []).flatMap((event) =>
      event.type === 'session' && event.session.id === id ? [event.session.state] : [],
    );
  await until('live at the page', () => states(0).includes('live'));
  await until('live at the administrator', () => states(1).includes('live'));
  expect(states(2)).toEqual([]);
  expect(states(3)).toEqual([]);
  expect(pages[2]?.heard.filter(({ type }) => type === 'tunnel')).toEqual([]);
  expect(pages[3]?.heard.filter(({ type }) => type === 'tunnel')).toHaveLength(1);

  const colleaguesPage = pages[3]?.socket;
  if (colleaguesPage === undefined) throw new Error('no page');
  const closed = once(colleaguesPage, 'close');
  await changeRow(({ Membership }, transaction) =>
    Membership.update({ role: 'admin' }, { where: { userId: colleague.userId }, transaction }),
  );
  expect((await closed)[0]).toBe(4408);
  for (const { socket } of pages) socket.terminate();
});

describe('terminal sockets', () => {
  test('the newer page follows until it takes over, and a bad frame closes', async () => {
    const api = await openApi();
    const { id } = await api.live(operator, bastion.routerId);
    const terminal = await openTerminal(api, operator, id);
    const first = new TestPage(api, operator, id, terminal.id);
    await first.type('echo fi""rst\n');
    await first.shows('first');
    const second = new TestPage(api, operator, id, terminal.id, 0);
    await second.shows('first');
    await second.type('echo un""heard\n');
    second.socket.send(encodeFrame({ type: 'takeOver' }));
    await second.type('echo he""ard\n');
    await first.shows('heard');
    expect(first.output).not.toContain('unheard');
    expect(first.frames.findLast(({ type }) => type === 'status')).toMatchObject({ value: { role: 'follower' } });
    second.socket.send(encodeFrame({ type: 'taken', total: 5 }));
    expect(await second.closed()).toBe(4400);
    expect(await new TestPage(api, operator, id, 999).closed()).toBe(4404);
  });

  test('a page that does not read stops the router, and nothing is lost when it reads again', async () => {
    const api = await openApi();
    const { id } = await api.live(operator, bastion.routerId);
    const terminal = await openTerminal(api, operator, id);
    const page = new TestPage(api, operator, id, terminal.id);
    await page.type('stty -echo; PS1=; echo re""ady\n');
    await page.shows('ready');
    page.socket.pause();
    page.socket.send(encodeFrame({ type: 'input', bytes: Buffer.from('seq 1 2000000; echo do""ne\n') }));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    page.socket.resume();
    await page.shows('done');
    const lines = page.output.split('\r\n').filter((line) => /^\d+$/u.test(line));
    expect(lines).toHaveLength(2_000_000);
    expect(lines.at(-1)).toBe('2000000');
  });
});
