import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { AuditEvent } from '../../contract/audit.ts';
import { PageEvent } from '../../contract/events.ts';
import { Member, type Organisation } from '../../contract/organisations.ts';
import { OrganisationPolicy } from '../../contract/oversight.ts';
import { pageOf } from '../../contract/page.ts';
import { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TerminalClient } from '../harness/terminal-client.ts';

const Sessions = pageOf(Session);

describe('an administrator oversees', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let carol: TestPerson;
  let dave: TestPerson;
  let root: TestPerson;
  let organisation: Organisation;
  let daveId: string;
  let session: Session;
  let terminal: TerminalClient;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    alice = await bastion.signIn('alice');
    carol = await bastion.signIn('carol');
    dave = await bastion.signIn('dave');
    root = await bastion.signIn('root');
    organisation = await alice.newOrganisation('One');
    const add = (email: string, role: string) => alice.ask(Member, 'POST', `${there()}/members`, { email, role });
    await add('carol@one.test', 'operator');
    daveId = (await add('dave@one.test', 'admin')).userId;
    const router = await bastion.enrolRouter(alice, organisation.id, 'Attic');
    session = await carol.liveSession(router.id);
    terminal = await carol.openTerminal(session.id);
    terminal.type('echo before-$((40 + 2))\n');
    await terminal.sees('before-42');
  });
  afterAll(() => bastion?.close());

  const there = () => `/organisations/${organisation.id}`;
  const over = (what: string) => `/oversight/sessions/${session.id}/${what}`;
  const seenBy = (person: TestPerson) => person.session(session.id);
  const audited = async (action: string) => {
    const { items } = await alice.ask(pageOf(AuditEvent), 'GET', `${there()}/audit?action=${action}`);
    return items[0];
  };

  test('who may sees the session, with what moves in it; who may not sees nothing', async () => {
    for (const person of [alice, dave, root]) {
      const { items } = await person.ask(Sessions, 'GET', `/oversight/sessions?organisationId=${organisation.id}`);
      expect(items).toMatchObject([{ id: session.id, userName: 'Carol Cook', routerName: 'Attic', state: 'live' }]);
      expect(items[0]?.bytes).toBeGreaterThan(0);
    }
    const bob = await bastion.signIn('bob');
    expect((await bob.ask(Sessions, 'GET', '/oversight/sessions')).items).toEqual([]);
    expect(await carol.refusal('GET', over('terminals'))).toEqual([403, 'forbidden']);
  });

  test('hears of bytes as they flow', async () => {
    const socket = root.webSocket('/events');
    const heard: PageEvent[] = [];
    socket.on('message', (data) => heard.push(PageEvent.parse(JSON.parse(String(data)))));
    const bytes = () => heard.flatMap((event) => (event.type === 'activity' ? [event.bytes] : []));
    await eventually('the first count', () => bytes().length > 0);
    const before = bytes().at(-1) ?? 0;
    terminal.type('echo more\n');
    await eventually('a higher count', () => (bytes().at(-1) ?? 0) > before);
    socket.terminate();
  });

  test('watches from the screen of now, types nothing, and the person is told', async () => {
    const watching = await dave.look(session.id, terminal.id);
    await watching.sees('before-42');
    expect(watching.status).toMatchObject({ role: 'watcher' });
    watching.type('echo intruded\n');
    watching.takeOver();
    terminal.type('echo after-$((1 + 1))\n');
    await watching.sees('after-2');
    await terminal.sees('after-2');
    expect(terminal.text).not.toContain('intruded');
    const names = (await seenBy(carol)).watchers.map(({ name, joined }) => ({ name, joined }));
    expect(names).toEqual([{ name: 'Dave Dyer', joined: false }]);
    expect(await audited('session_watched')).toMatchObject({
      actorName: 'Dave Dyer',
      subjectId: session.id,
      details: { person: 'Carol Cook', silent: false },
    });
    watching.close();
    await eventually('nobody to watch', async () => (await seenBy(carol)).watchers.length === 0);
  });

  test('is not told of where the policy says so, which the person can read', async () => {
    await alice.ask(OrganisationPolicy, 'PATCH', `${there()}/policy`, { watchNotice: false });
    expect(await carol.ask(OrganisationPolicy, 'GET', `${there()}/policy`)).toMatchObject({ watchNotice: false });
    expect(await carol.refusal('PATCH', `${there()}/policy`, { watchNotice: true })).toEqual([403, 'forbidden']);
    expect((await audited('policy_changed'))?.details).toEqual({ watchNotice: 'true to false' });
    const watching = await dave.look(session.id, terminal.id);
    expect((await seenBy(carol)).watchers).toEqual([]);
    expect((await seenBy(alice)).watchers).toMatchObject([{ name: 'Dave Dyer' }]);
    watching.close();
    await alice.ask(OrganisationPolicy, 'PATCH', `${there()}/policy`, { watchNotice: true });
  });

  test('joins as a peer, takes over and types', async () => {
    const peer = await dave.look(session.id, terminal.id, 'join');
    peer.takeOver();
    await eventually('Dave to drive', () => terminal.status?.driver?.name === 'Dave Dyer');
    peer.type('echo by-dave-$((3 * 3))\n');
    await terminal.sees('by-dave-9');
    expect((await seenBy(carol)).watchers).toMatchObject([{ name: 'Dave Dyer', joined: true }]);
    expect(await audited('session_joined')).toMatchObject({ actorName: 'Dave Dyer' });
    // It is written behind the take-over, which waits for nothing.
    expect(await eventually('the take-over in the trail', () => audited('terminal_taken_over'))).toMatchObject({
      actorName: 'Dave Dyer',
      subjectId: session.id,
      details: { router: 'Attic', terminal: terminal.id, from: 'Carol Cook' },
    });
    peer.close();
    await eventually('Dave to have left', async () => (await seenBy(carol)).watchers.length === 0);
    terminal.takeOver();
  });

  test('pauses input: nothing of the person reaches the router on any path, and output goes on', async () => {
    terminal.type('sleep 2; echo goes-on-$((5 + 5))\n');
    // What is typed is on the router before the pause comes on another connection.
    await terminal.sees('sleep 2; echo goes-on');
    await dave.ask(Session, 'POST', over('pause'));
    expect((await seenBy(carol)).paused).toMatchObject({ by: 'Dave Dyer' });
    terminal.type('echo typed-while-paused\n');
    await terminal.sees('goes-on-10');
    const paths: [string, string, unknown?][] = [
      ['POST', 'exec', { command: 'true' }],
      ['POST', 'terminals', { cols: 80, rows: 24 }],
      ['GET', 'files/list?path=/etc'],
      ['POST', 'operations/devices.scan', {}],
    ];
    for (const [method, path, body] of paths) {
      const refusal = await carol.refusal(method, `/sessions/${session.id}/${path}`, body);
      expect([path, refusal]).toEqual([path, [409, 'session_paused']]);
    }
    // What runs can still be looked at, also by a page that comes back.
    const again = await carol.attach(session.id, terminal.id);
    await again.sees('goes-on-10');
    again.close();
    await dave.ask(Session, 'POST', over('resume'));
    expect((await seenBy(carol)).paused).toBeNull();
    terminal.close();
    terminal = await carol.attach(session.id, terminal.id);
    terminal.type('echo resumed-$((6 + 6))\n');
    await terminal.sees('resumed-12');
    expect(terminal.text).not.toContain('typed-while-paused');
    expect(await audited('session_paused')).toMatchObject({ actorName: 'Dave Dyer' });
    expect(await audited('session_resumed')).toMatchObject({ actorName: 'Dave Dyer' });
  });

  test('a pause outlives a restart of the api', async () => {
    await dave.ask(Session, 'POST', over('pause'));
    await bastion.api.stop('SIGKILL');
    bastion.api.start();
    await bastion.ready();
    await carol.sessionIn(session.id, 'live');
    expect((await seenBy(carol)).paused).toMatchObject({ by: 'Dave Dyer' });
    await eventually('the agent to be back', async () => (await seenBy(carol)).reconnecting === null);
    expect(await carol.refusal('POST', `/sessions/${session.id}/exec`, { command: 'true' })).toEqual([
      409,
      'session_paused',
    ]);
    await dave.ask(Session, 'POST', over('resume'));
    terminal = await carol.attach(session.id, terminal.id);
  });

  test('writes into the banner; control characters and long texts are refused', async () => {
    await dave.ask(Session, 'POST', over('message'), { text: 'Please stop at five.' });
    expect((await seenBy(carol)).message).toMatchObject({ from: 'Dave Dyer', text: 'Please stop at five.' });
    for (const text of ['', '\u001b]0;x\u0007', 'a\nb', 'x'.repeat(301), '\u202e']) {
      expect(await dave.refusal('POST', over('message'), { text })).toEqual([400, 'invalid_request']);
    }
  });

  test('who loses the right is cut off at once', async () => {
    const watching = await dave.look(session.id, terminal.id);
    await alice.ask(Member, 'PATCH', `${there()}/members/${daveId}`, { role: 'operator' });
    expect(await watching.closed).toBe(4404);
    expect(await dave.refusal('POST', over('pause'))).toEqual([404, 'not_found']);
    await alice.ask(Member, 'PATCH', `${there()}/members/${daveId}`, { role: 'admin' });
  });

  test('ends the session', async () => {
    await dave.ask(Session, 'DELETE', `/sessions/${session.id}`);
    expect(await terminal.closed).toBe(4410);
    expect(await carol.sessionIn(session.id, 'ended')).toMatchObject({ endReason: 'admin' });
    expect(await dave.refusal('GET', over('terminals'))).toEqual([409, 'session_over']);
    const { items } = await dave.ask(z.object({ items: z.array(Session) }), 'GET', '/oversight/sessions');
    expect(items.filter(({ id }) => id === session.id)).toEqual([]);
  });
});
