import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { assignmentsOf, containerOf, docker, SETTLED_MS, truthOf } from './truth.ts';

describe('processes that are killed', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let hers: TestRouter;
  let his: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start({
      api: { NETPILOT_ROUTER_WAIT_SECONDS: '60' },
      gateway: { NETPILOT_USER_CAP: '1' },
    });
    [alice, bob] = await Promise.all([bastion.signIn('alice'), bastion.signIn('bob')]);
    const [one, two] = [await alice.newOrganisation('One'), await bob.newOrganisation('Two')];
    hers = await bastion.enrolRouter(alice, one.id, 'Alice’s');
    his = await bastion.enrolRouter(bob, two.id, 'Bob’s');
    hers.keepDialling();
    his.keepDialling();
  });
  afterEach(async () => {
    for (const process_ of [bastion.gateway, bastion.api]) if (!process_.running) process_.start();
    await bastion.ready();
  });
  afterAll(() => bastion?.close());

  const connected = (person: TestPerson, id: string) =>
    eventually(
      'the session to be live with its router',
      async () => {
        const { state, reconnecting, endReason, endDetail } = await person.session(id);
        if (state === 'ended') throw new Error(`it ended: ${endReason} ${endDetail}`);
        return state === 'live' && reconnecting === null;
      },
      SETTLED_MS,
    );
  const end = async (person: TestPerson, id: string) => {
    await person.ask(Session, 'DELETE', `/sessions/${id}`);
    await person.sessionIn(id, 'ended');
  };
  const works = async (person: TestPerson, id: string) => {
    const terminal = await person.openTerminal(id);
    terminal.type('echo works-$((40 + 2))\n');
    await terminal.sees('works-42');
    terminal.close();
  };

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'api ended by %s: programs run on, and a page that comes back misses no byte',
    async (signal) => {
      const session = await alice.liveSession(hers.id);
      const container = await containerOf(bastion, session.id);
      const terminal = await alice.openTerminal(session.id);
      terminal.type('PS1=; stty -echo; i=0; while :; do i=$((i+1)); echo "tick $i."; sleep 0.02; done\n');
      await terminal.sees('tick 25.');

      await bastion.api.stop(signal);
      await terminal.closed;
      expect(docker('inspect', '--format', '{{.State.Running}}', container).trim()).toBe('true');
      bastion.api.start();
      await connected(alice, session.id);

      const again = await alice.attach(session.id, terminal.id, terminal.offset);
      expect(await again.attached).toMatchObject({ offset: terminal.offset, truncated: false });
      const last = Number([...terminal.text.matchAll(/tick (\d+)\./gu)].at(-1)?.[1]);
      await again.sees(`tick ${last + 100}.`);
      const ticks = [...(terminal.text + again.text).matchAll(/tick (\d+)\./gu)].map((match) => Number(match[1]));
      expect(ticks).toEqual(Array.from(ticks, (_, index) => index + 1));
      expect(await containerOf(bastion, session.id)).toBe(container);
      again.close();

      const truth = await truthOf(bastion, 1);
      expect(truth.rows).toEqual({ [session.id]: 'live' });
      await end(alice, session.id);
      await truthOf(bastion, 0);
    },
  );

  test('gateway killed: sandboxes are found again, one that died meanwhile is told, who waited waits again', async () => {
    const kept = await alice.liveSession(hers.id);
    const waiting = await alice.startSession(hers.id);
    expect((await alice.sessionIn(waiting.id, 'queued')).queue).toMatchObject({ position: 1 });
    const died = await bob.liveSession(his.id);
    const container = await containerOf(bastion, kept.id);
    const gone = await containerOf(bastion, died.id);

    await bastion.gateway.stop('SIGKILL');
    docker('kill', gone);
    await eventually('the cut to be told', async () => (await alice.session(kept.id)).reconnecting);
    bastion.gateway.start();
    await connected(alice, kept.id);
    expect(await containerOf(bastion, kept.id)).toBe(container);
    await works(alice, kept.id);
    expect(await bob.sessionIn(died.id, 'ended')).toMatchObject({ endReason: 'sandbox_lost' });
    const queued = await eventually('its place in the new line', async () => {
      const session = await alice.session(waiting.id);
      if (session.state !== 'queued') throw new Error(`it is ${session.state} ${session.endDetail}`);
      return session.queue;
    });
    expect(queued).toMatchObject({ position: 1 });

    await end(alice, kept.id);
    await connected(alice, waiting.id);
    expect((await truthOf(bastion, 1)).rows).toEqual({ [waiting.id]: 'live' });
    await end(alice, waiting.id);
    await truthOf(bastion, 0);
  });

  test.each(['api', 'gateway'] as const)('both killed, %s started first: the session is there again', async (first) => {
    const session = await alice.liveSession(hers.id);
    const container = await containerOf(bastion, session.id);
    await Promise.all([bastion.api.stop('SIGKILL'), bastion.gateway.stop('SIGKILL')]);
    const [one, other] = first === 'api' ? [bastion.api, bastion.gateway] : [bastion.gateway, bastion.api];
    one.start();
    await (first === 'api'
      ? eventually('the api to say that it waits', async () => (await alice.session(session.id)).reconnecting)
      : eventually('the gateway to have taken over', () => bastion.gateway.output().split('"ready"').length > 2));
    other.start();
    await connected(alice, session.id);
    await works(alice, session.id);
    expect(await containerOf(bastion, session.id)).toBe(container);
    expect((await truthOf(bastion, 1)).rows).toEqual({ [session.id]: 'live' });
    await end(alice, session.id);
    await truthOf(bastion, 0);
  });

  test('api killed in the middle of a connection test: its sandbox is not forgotten', async () => {
    hers.setSilent(true);
    try {
      const asked = alice.fetch('POST', `/routers/${hers.id}/test`).catch(() => null);
      await eventually('the test to have its sandbox', async () => (await assignmentsOf(bastion)).length === 1);
      await bastion.api.stop('SIGKILL');
      await asked;
      bastion.api.start();
      await bastion.ready();
      await truthOf(bastion, 0);
    } finally {
      hers.setSilent(false);
    }
  });

  test('both killed while sessions start: each of them ends or lives, and nothing else is left', async () => {
    const [one, two] = [await alice.startSession(hers.id), await bob.startSession(his.id)];
    await Promise.all([bastion.api.stop('SIGKILL'), bastion.gateway.stop('SIGKILL')]);
    bastion.gateway.start();
    bastion.api.start();
    await bastion.ready();
    const living: [TestPerson, string][] = [];
    for (const [person, id] of [
      [alice, one.id],
      [bob, two.id],
    ] as const) {
      const state = await eventually('its state to be decided', async () => {
        const now = await person.session(id);
        if (now.state === 'ended') return now.state;
        return now.state === 'live' && now.reconnecting === null ? now.state : null;
      });
      if (state === 'live') living.push([person, id]);
    }
    await truthOf(bastion, living.length);
    for (const [person, id] of living) {
      await works(person, id);
      await end(person, id);
    }
    await truthOf(bastion, 0);
  });
});
