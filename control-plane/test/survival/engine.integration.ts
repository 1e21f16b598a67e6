import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { EngineDoor } from './engine-door.ts';
import { containerOf, docker, truthOf } from './truth.ts';

describe('the container engine goes away and comes back', () => {
  let door: EngineDoor;
  let bastion: TestBastion;
  let alice: TestPerson;
  let router: TestRouter;

  beforeAll(async () => {
    door = await EngineDoor.open();
    bastion = await TestBastion.start({
      api: { NETPILOT_ROUTER_WAIT_SECONDS: '60' },
      gateway: { NETPILOT_DOCKER_SOCKET: door.path },
    });
    alice = await bastion.signIn('alice');
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
    router.keepDialling();
  });
  afterEach(async () => {
    await door.open();
    await bastion.ready();
  });
  afterAll(async () => {
    await bastion?.close();
    await door?.close();
  });

  const end = async (id: string) => {
    await alice.ask(Session, 'DELETE', `/sessions/${id}`);
    await alice.sessionIn(id, 'ended');
  };

  test('what runs goes on, new sessions are refused clearly, an end waits for the engine, and all works again', async () => {
    const [kept, ending] = [await alice.liveSession(router.id), await alice.liveSession(router.id)];
    const terminal = await alice.openTerminal(kept.id);
    await door.shut();

    terminal.type('echo during-$((40 + 2))\n');
    await terminal.sees('during-42');
    expect(await alice.refusal('POST', '/sessions', { routerId: router.id })).toEqual([503, 'gateway_unavailable']);
    const health = await fetch(`${bastion.url}/api/v1/health/ready`);
    expect([health.status, await health.json()]).toMatchObject([503, { parts: { database: true, engine: false } }]);
    await alice.ask(Session, 'DELETE', `/sessions/${ending.id}`);
    expect((await alice.session(ending.id)).state).toBe('ending');

    await door.open();
    expect(await alice.sessionIn(ending.id, 'ended')).toMatchObject({ endReason: 'user' });
    expect((await truthOf(bastion, 1)).rows).toEqual({ [kept.id]: 'live' });
    terminal.type('echo after-$((50 + 2))\n');
    await terminal.sees('after-52');
    const next = await alice.liveSession(router.id);
    await end(next.id);
    await end(kept.id);
    await truthOf(bastion, 0);
  });

  test('a start that the engine leaves half way ends as start_failed or goes on, and nothing is left half', async () => {
    const started = await alice.startSession(router.id);
    await door.shut();
    await eventually('the loss to be noticed', async () => {
      const { status } = await fetch(`${bastion.url}/api/v1/health/ready`);
      return status === 503;
    });
    // While the engine is away nobody can say whether a container is there; afterwards it is decided.
    await door.open();
    const session = await eventually('its state to be decided', async () => {
      const now = await alice.session(started.id);
      return ['live', 'ended'].includes(now.state) ? now : null;
    });
    if (session.state === 'live') await end(session.id);
    else expect(session).toMatchObject({ endReason: 'start_failed' });
    await truthOf(bastion, 0);
  });

  test('a gateway that starts meanwhile tells nothing of sessions until it has seen the engine, and then has them', async () => {
    const session = await alice.liveSession(router.id);
    const container = await containerOf(bastion, session.id);
    await bastion.gateway.stop('SIGKILL');
    await door.shut();
    const readyBefore = bastion.gateway.output().split('"ready"').length;
    bastion.gateway.start();
    await eventually('the gateway to listen', () => bastion.gateway.output().split('"ready"').length > readyBefore);
    expect(await alice.session(session.id)).toMatchObject({
      state: 'live',
      reconnecting: { since: expect.any(String) },
    });
    // Until the engine was seen nobody can say whether it is over.
    expect(await alice.refusal('POST', '/sessions', { routerId: router.id })).toEqual([503, 'gateway_unavailable']);

    await door.open();
    await eventually('the session to be there again', async () => {
      const { state, reconnecting, endReason } = await alice.session(session.id);
      if (state === 'ended') throw new Error(`it ended: ${endReason}`);
      return state === 'live' && reconnecting === null;
    });
    expect(await containerOf(bastion, session.id)).toBe(container);
    await end(session.id);
    await truthOf(bastion, 0);
  });

  test('sandboxes that go down with the engine end their sessions, and nothing is left of them', async () => {
    const [one, two] = [await alice.liveSession(router.id), await alice.liveSession(router.id)];
    await door.shut();
    docker('kill', ...docker('ps', '-q', '--filter', `label=netpilot.instance=${bastion.instance}`).trim().split('\n'));
    await door.open();
    for (const { id } of [one, two]) {
      expect(await alice.sessionIn(id, 'ended')).toMatchObject({ endReason: 'sandbox_lost' });
    }
    await truthOf(bastion, 0);
    await end((await alice.liveSession(router.id)).id);
    await truthOf(bastion, 0);
  });
});
