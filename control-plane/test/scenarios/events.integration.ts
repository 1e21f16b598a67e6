import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PageEvent } from '../../contract/events.ts';
import { Member, type Organisation } from '../../contract/organisations.ts';
import { Router, RouterCreated } from '../../contract/routers.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';

/** What one open page hears. */
function listen(person: TestPerson): { heard: PageEvent[]; closed: Promise<number>; close(): void } {
  const heard: PageEvent[] = [];
  const socket = person.webSocket('/events');
  socket.on('message', (data: Buffer) => heard.push(PageEvent.parse(JSON.parse(data.toString()))));
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  return { heard, closed, close: () => socket.terminate() };
}

describe('live events', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let organisation: Organisation;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    [alice, bob] = [await bastion.signIn('alice'), await bastion.signIn('bob')];
    organisation = await alice.newOrganisation('One');
  });
  afterAll(() => bastion?.close());

  test('a page hears of its organisation, as it happens, and of no other', async () => {
    const hers = listen(alice);
    const his = listen(bob);
    await eventually('both to be greeted', () => hers.heard.length > 0 && his.heard.length > 0);
    const router = await bastion.enrolRouter(alice, organisation.id);
    await eventually('the tunnel', () =>
      hers.heard.some((event) => event.type === 'tunnel' && event.routerId === router.id && event.tunnel.up),
    );
    await alice.ask(Router, 'PATCH', `/routers/${router.id}`, { name: 'Renamed' });
    await eventually('the change', () =>
      hers.heard.some((event) => event.type === 'router_changed' && event.routerId === router.id),
    );
    const session = await alice.liveSession(router.id);
    await eventually('the session to be live', () =>
      hers.heard.some(
        (event) => event.type === 'session' && event.session.id === session.id && event.session.state === 'live',
      ),
    );
    expect(his.heard.map((event) => event.type)).toEqual(['hello']);
    hers.close();
    his.close();
  });

  test('a page that joins an organisation connects again and hears it', async () => {
    const page = listen(bob);
    await eventually('the greeting', () => page.heard.length > 0);
    await alice.ask(Member, 'POST', `/organisations/${organisation.id}/members`, {
      email: 'bob@two.test',
      role: 'viewer',
    });
    expect(await page.closed).toBe(4408);
    const again = listen(bob);
    await eventually('the greeting', () => again.heard.length > 0);
    const { router } = await alice.ask(RouterCreated, 'POST', '/routers', {
      attachment: 'enrolled',
      organisationId: organisation.id,
      name: 'New',
    });
    await eventually('the new router', () =>
      again.heard.some((event) => event.type === 'router_changed' && event.routerId === router.id),
    );
    again.close();
  });
});
