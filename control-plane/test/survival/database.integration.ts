import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { RouterCreated } from '../../contract/routers.ts';
import { ExecResult, Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { freezeDatabase } from './frozen-database.ts';
import { truthOf } from './truth.ts';

describe('the database goes away and comes back', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let organisationId: string;
  let router: TestRouter;
  let his: TestRouter;
  /** The server is to be there for the next test, and for the end. */
  let running = true;

  const stop = async () => {
    running = false;
    await bastion.stopDatabase();
  };
  const start = async () => {
    await bastion.startDatabase();
    running = true;
    await bastion.ready();
  };

  beforeAll(async () => {
    bastion = await TestBastion.start();
    [alice, bob] = await Promise.all([bastion.signIn('alice'), bastion.signIn('bob')]);
    organisationId = (await alice.newOrganisation('One')).id;
    router = await bastion.enrolRouter(alice, organisationId);
    his = await bastion.enrolRouter(bob, (await bob.newOrganisation('Two')).id);
    router.keepDialling();
  });
  afterAll(async () => {
    if (!running) await start();
    await bastion?.close();
  });

  test('live terminals go on, requests are told at once, nothing is half written, and all works afterwards', async () => {
    const session = await alice.liveSession(router.id);
    const other = await bob.liveSession(his.id);
    const terminal = await alice.openTerminal(session.id);
    terminal.type('echo before-$((1 + 1))\n');
    await terminal.sees('before-2');
    const names = async () => {
      const page = await alice.ask(z.object({ items: z.array(z.object({ name: z.string() })) }), 'GET', '/routers');
      return page.items.map(({ name }) => name).toSorted();
    };
    const before = await names();

    await stop();
    // More at once than the pool has connections: none of them may wait for ever.
    const asked = await Promise.all([
      ...Array.from({ length: 30 }, () => alice.refusal('GET', '/routers')),
      alice.refusal('POST', '/organisations', { name: 'Half' }),
      alice.refusal('POST', '/routers', { attachment: 'enrolled', organisationId, name: 'half' }),
      alice.refusal('POST', '/sessions', { routerId: router.id }),
      alice.refusal('DELETE', `/sessions/${session.id}`),
    ]);
    expect(new Set(asked.map(String))).toEqual(new Set(['503,database_unavailable']));
    const health = await fetch(`${bastion.url}/api/v1/health/ready`);
    expect([health.status, await health.json()]).toMatchObject([503, { parts: { database: false, engine: true } }]);
    expect((await fetch(`${bastion.url}/api/v1/health/live`)).status).toBe(200);

    terminal.type('echo during-$((2 + 2))\n');
    await terminal.sees('during-4');
    // A terminal that ends and a router that is cut while nothing can be written: the row follows later.
    await his.stop();
    terminal.type('i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "tick $i."; sleep 0.01; done; echo all-$((3 + 3))\n');
    await terminal.sees('all-6');
    const ticks = [...terminal.text.matchAll(/tick (\d+)\./gu)].map((match) => Number(match[1]));
    expect(ticks).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));

    await start();
    terminal.type('echo after-$((4 + 4))\n');
    await terminal.sees('after-8');
    expect(await names()).toEqual(before);
    const organisations = await (await alice.fetch('GET', '/organisations')).text();
    expect(organisations).toContain('One');
    expect(organisations).not.toContain('Half');
    expect(await alice.session(session.id)).toMatchObject({ state: 'live', reconnecting: null });

    const created = await alice.ask(RouterCreated, 'POST', '/routers', {
      attachment: 'enrolled',
      organisationId,
      name: 'whole',
    });
    expect(created.router.name).toBe('whole');
    expect(await alice.ask(ExecResult, 'POST', `/sessions/${session.id}/exec`, { command: 'echo here' })).toMatchObject(
      { stdout: 'here\n' },
    );
    const second = await alice.liveSession(router.id);
    for (const id of [second.id, session.id]) {
      await alice.ask(Session, 'DELETE', `/sessions/${id}`);
      expect(await alice.sessionIn(id, 'ended')).toMatchObject({ endReason: 'user' });
    }
    expect(await bob.sessionIn(other.id, 'ended')).toMatchObject({ endReason: 'router_lost' });
    await truthOf(bastion, 0);
  });

  test('a server that hangs is told of as well, and nobody notices it in a terminal', async () => {
    const session = await alice.liveSession(router.id);
    const terminal = await alice.openTerminal(session.id);
    terminal.type('echo before-$((1 + 1))\n');
    await terminal.sees('before-2');

    const thaw = await freezeDatabase(Number(new URL(bastion.database.ownerUrl).port));
    try {
      const asked = await Promise.all([
        ...Array.from({ length: 30 }, () => alice.refusal('GET', '/routers')),
        alice.refusal('POST', '/organisations', { name: 'Frozen' }),
      ]);
      expect(new Set(asked.map(String))).toEqual(new Set(['503,database_unavailable']));
      terminal.type('echo during-$((2 + 2))\n');
      await terminal.sees('during-4');
    } finally {
      thaw();
    }
    await bastion.ready();
    const organisations = await (await alice.fetch('GET', '/organisations')).text();
    expect(organisations).not.toContain('Frozen');
    await alice.ask(Session, 'DELETE', `/sessions/${session.id}`);
    await truthOf(bastion, 0);
  });

  test('api and gateway that start without the database come to serve once it is there', async () => {
    const session = await alice.liveSession(router.id);
    await Promise.all([bastion.api.stop('SIGKILL'), bastion.gateway.stop('SIGKILL')]);
    await stop();
    bastion.gateway.start();
    bastion.api.start();
    await eventually('the api to answer', async () => (await fetch(`${bastion.url}/api/v1/health/live`)).ok);
    expect(await alice.refusal('GET', '/routers')).toEqual([503, 'database_unavailable']);
    await start();
    await eventually('the session to be there again', async () => {
      const { state, reconnecting, endReason } = await alice.session(session.id);
      if (state === 'ended') throw new Error(`it ended: ${endReason}`);
      return state === 'live' && reconnecting === null;
    });
    expect((await truthOf(bastion, 1)).rows).toEqual({ [session.id]: 'live' });
    await alice.ask(Session, 'DELETE', `/sessions/${session.id}`);
    await truthOf(bastion, 0);
  });
});
