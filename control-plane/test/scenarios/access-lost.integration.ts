import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Member, type Organisation } from '../../contract/organisations.ts';
import { User } from '../../contract/people.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

describe('a right that is lost', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let root: TestPerson;
  let organisation: Organisation;
  let router: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    alice = await bastion.signIn('alice');
    root = await bastion.signIn('root');
    organisation = await alice.newOrganisation('One');
    router = await bastion.enrolRouter(alice, organisation.id);
    await bastion.signIn('carol');
  });
  afterAll(() => bastion?.close());

  const members = () => `/organisations/${organisation.id}/members`;
  /** Carol, a member with a live session and a terminal in it. */
  const working = async () => {
    const carol = await bastion.signIn('carol');
    const { userId } = await alice.ask(Member, 'POST', members(), { email: 'carol@one.test', role: 'operator' });
    const session = await carol.liveSession(router.id);
    const terminal = await carol.openTerminal(session.id);
    return { carol, userId, session, terminal };
  };
  /** The session's end as an administrator sees it: the person themself may be unable to look. */
  const endOf = (id: string) =>
    eventually('the session to end', async () => {
      const session = await alice.session(id);
      return session.state === 'ended' ? session : null;
    });

  test('a removed member’s session ends, and its terminal closes', async () => {
    const { carol, userId, session, terminal } = await working();
    await alice.tell('DELETE', `${members()}/${userId}`);
    expect(await terminal.closed).toBeGreaterThanOrEqual(4400);
    expect(await endOf(session.id)).toMatchObject({ endReason: 'access_lost' });
    expect(await carol.refusal('GET', `/sessions/${session.id}`)).toEqual([404, 'not_found']);
  });

  test('so does the session of a member who may only look from now on', async () => {
    const { userId, session } = await working();
    await alice.ask(Member, 'PATCH', `${members()}/${userId}`, { role: 'viewer' });
    expect(await endOf(session.id)).toMatchObject({ endReason: 'access_lost' });
    await alice.tell('DELETE', `${members()}/${userId}`);
  });

  test('a sign-out ends what was started in that sign-in', async () => {
    const { carol, userId, session, terminal } = await working();
    await carol.tell('POST', '/auth/sign-out');
    await terminal.closed;
    expect(await endOf(session.id)).toMatchObject({ endReason: 'access_lost' });
    await alice.tell('DELETE', `${members()}/${userId}`);
  });

  test('a person whom the administrator disables is out', async () => {
    const { userId, session } = await working();
    await root.ask(User, 'PATCH', `/users/${userId}`, { disabled: true });
    await endOf(session.id);
    await root.ask(User, 'PATCH', `/users/${userId}`, { disabled: false });
    await alice.tell('DELETE', `${members()}/${userId}`);
  });

  test('sign-ins that the administrator revokes take their sessions along', async () => {
    const { userId, session } = await working();
    await root.tell('POST', `/users/${userId}/revoke`);
    await endOf(session.id);
    await alice.tell('DELETE', `${members()}/${userId}`);
  });

  test('a deleted router ends its sessions; nobody else’s', async () => {
    const second = await bastion.enrolRouter(alice, organisation.id, 'Second');
    const [kept, cut] = [await alice.liveSession(router.id), await alice.liveSession(second.id)];
    await alice.tell('DELETE', `/routers/${second.id}`);
    await endOf(cut.id);
    expect(await alice.session(kept.id)).toMatchObject({ state: 'live' });
    await eventually('no sandbox but the kept one and the warm one', () => bastion.containers().length <= 2);
  });
});
