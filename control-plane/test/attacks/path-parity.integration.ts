import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Member, type Organisation } from '../../contract/organisations.ts';
import { Lock } from '../../contract/oversight.ts';
import { pageOf } from '../../contract/page.ts';
import { Problem } from '../../contract/problems.ts';
import { Recording } from '../../contract/recordings.ts';
import { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TerminalClient } from '../harness/terminal-client.ts';
import { type Row, TABLE } from './authorization-table.ts';

/** Every way into a session, from the table that names every route: one that is added is asked as well. */
const WAYS = TABLE.filter(({ route }) => / \/api\/v1\/sessions\/:id\/(?!unlock$)/u.test(route));

/** What holds one path of a session holds them all: S7, S29, and S3 for those who look on. */
describe('every way into a session', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let carol: TestPerson;
  let organisation: Organisation;
  let session: Session;
  let terminal: TerminalClient;

  beforeAll(async () => {
    // Three seconds without input lock the screen.
    bastion = await TestBastion.start({ api: { NETPILOT_SCREEN_LOCK_MINUTES: '0.05' } });
    alice = await bastion.signIn('alice');
    carol = await bastion.signIn('carol');
    organisation = await alice.newOrganisation('One');
    const member = { email: 'carol@one.test', role: 'operator' };
    await alice.ask(Member, 'POST', `/organisations/${organisation.id}/members`, member);
    const router = await bastion.enrolRouter(alice, organisation.id);
    session = await carol.liveSession(router.id);
    terminal = await carol.openTerminal(session.id);
  });
  afterAll(() => bastion?.close());

  const pathOf = ({ path }: Row) =>
    path
      .replace('/api/v1', '')
      .replace('{session}', session.id)
      .replace(/\{(?:terminal|spareTerminal)\}/u, String(terminal.id))
      .replaceAll(/\{\w+\}/gu, organisation.id);
  /** The code of the problem, or the close code of a socket. */
  const refusal = async (row: Row, person: TestPerson): Promise<string | number> => {
    if (row.webSocket === true) return closeCode(person, pathOf(row));
    const [method = ''] = row.route.split(' ');
    const response = await person.fetch(method, pathOf(row), row.body);
    const body: unknown = await response.json().catch(() => null);
    return response.ok ? `let in with ${response.status}` : Problem.parse(body).code;
  };
  /**
   * Asks on every way.
   * @param codes of the problem, and of the close of a socket; a row whose own made-up body is refused first may say so instead.
   */
  const everywhere = async (person: TestPerson, codes: readonly (string | number)[], except = /^$/u) => {
    for (const row of WAYS) {
      if (except.test(row.route)) continue;
      const got = await refusal(row, person);
      const malformed = row.expected[0] === 400 || row.expected[0] === 415;
      const allowed = malformed ? [...codes, 'invalid_request', 'unsupported_media_type'] : codes;
      expect([row.route, got, allowed.includes(got)]).toEqual([row.route, got, true]);
    }
  };
  const locked = () =>
    eventually('the screen to be locked', async () => (await carol.session(session.id)).screenLockedAt !== null);

  test('is known', () => expect(WAYS.length).toBeGreaterThan(20));

  test('is shut while the screen is locked; what runs goes on, and who watches sees it', async () => {
    const watching = await alice.look(session.id, terminal.id);
    terminal.type('sleep 6; echo ran-on-$((20 + 2))\n');
    expect(await terminal.closed).toBe(4423);
    await locked();
    await watching.sees('ran-on-22');
    expect(terminal.text).not.toContain('ran-on-22');
    await everywhere(carol, ['screen_locked', 4423]);
    // What a recording shows is what the screen showed, and looking on at one's own session is looking at it.
    const { items } = await carol.ask(pageOf(Recording), 'GET', `/recordings?sessionId=${session.id}`);
    expect(items.length).toBeGreaterThan(0);
    for (const way of ['playback', 'matches?text=ran', 'markers', 'verification']) {
      expect(await carol.refusal('GET', `/recordings/${items[0]?.id}/${way}`)).toEqual([409, 'screen_locked']);
    }
    watching.close();
  });

  test('opens for a fresh sign-in alone, and for that browser alone', async () => {
    const unlock = `/sessions/${session.id}/unlock`;
    expect(await carol.refusal('POST', unlock)).toEqual([403, 'sign_in_again']);
    const elsewhere = await bastion.signIn('carol');
    await carol.signInAgain('carol');
    expect(await carol.ask(Session, 'POST', unlock)).toMatchObject({ screenLockedAt: null });
    terminal = await carol.attach(session.id, terminal.id);
    await terminal.sees('ran-on-22');
    // The desk that was left alone is as dark as before, though its cookies are those of the same person.
    const other = await elsewhere.refusal('GET', `/sessions/${session.id}/files/list?path=/etc`);
    expect(other).toEqual([409, 'screen_locked']);
  });

  test('does not open by a restart of the api', async () => {
    terminal.close();
    await locked();
    await bastion.api.stop('SIGKILL');
    bastion.api.start();
    await bastion.ready();
    await carol.sessionIn(session.id, 'live');
    expect((await carol.session(session.id)).screenLockedAt).not.toBeNull();
    expect(await closeCode(carol, `/sessions/${session.id}/terminals/${terminal.id}/attach`)).toBe(4423);
  });

  test('somebody else’s proof opens nothing', async () => {
    await expect(carol.signInAgain('dave')).rejects.toThrow('sign_in_failed');
    expect(await carol.refusal('POST', `/sessions/${session.id}/unlock`)).toEqual([403, 'sign_in_again']);
  });

  test('is shut to input while it is paused', async () => {
    await carol.signInAgain('carol');
    await eventually('the session to be back', async () => (await carol.session(session.id)).reconnecting === null);
    await carol.ask(Session, 'POST', `/sessions/${session.id}/unlock`);
    await alice.ask(Session, 'POST', `/oversight/sessions/${session.id}/pause`);
    await everywhere(carol, ['session_paused'], /attach$|GET \S+terminals$/u);
    await alice.ask(Session, 'POST', `/oversight/sessions/${session.id}/resume`);
  });

  test('is shut, for those who look on as well, once a lock has ended it', async () => {
    await alice.ask(Lock, 'POST', '/locks', {
      organisationId: organisation.id,
      target: { type: 'organisation' },
      message: 'Closed.',
      expiresAt: null,
    });
    // The lock says so as long as the session is known, its end afterwards.
    await everywhere(carol, ['locked', 'session_over', 4404, 4410]);
    await carol.sessionIn(session.id, 'ended');
    const look = `/oversight/sessions/${session.id}/terminals/${terminal.id}`;
    for (const how of ['watch', 'join']) expect([4404, 4410]).toContain(await closeCode(alice, `${look}/${how}`));
  });
});

function closeCode(person: TestPerson, path: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = person.webSocket(path);
    socket.on('close', resolve);
    socket.on('error', () => undefined);
    socket.on('message', () => {
      resolve(0);
      socket.terminate();
    });
  });
}
