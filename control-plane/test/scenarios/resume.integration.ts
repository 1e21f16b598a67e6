import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ListedTerminal, Session } from '../../contract/sessions.ts';
import { OUTPUT_WINDOW } from '../../contract/terminal-frames.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import type { TerminalClient } from '../harness/terminal-client.ts';

/** Makes the shell silent, so that what comes is what was asked for. */
const QUIET = 'PS1=; PS2=; stty -echo; ';
/** Cuts of the connection in one run; with them the api is killed so many times. */
const CUTS = 24;
const KILLS = 3;
/** Output that a terminal may run on while nobody drives it. */
const DETACHED_BYTES = 8_388_608;

describe('terminals that outlive pages, networks and the api', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let router: TestRouter;
  let session: string;

  beforeAll(async () => {
    bastion = await TestBastion.start({
      api: { NETPILOT_ROUTER_WAIT_SECONDS: '120', NETPILOT_DETACHED_MEGABYTES: '8' },
    });
    [alice, bob] = await Promise.all([bastion.signIn('alice'), bastion.signIn('bob')]);
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
    session = (await alice.liveSession(router.id)).id;
  });
  afterAll(() => bastion?.close());

  const terminals = async () =>
    (await alice.ask(z.object({ items: z.array(ListedTerminal) }), 'GET', `/sessions/${session}/terminals`)).items;

  test('over cuts, a changed address and a killed api each byte comes once', async () => {
    const page = randomUUID();
    let terminal = await alice.openTerminal(session);
    const { id } = terminal;
    terminal.type(
      `${QUIET}echo re''ady; i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo "n$i."; [ $((i % 20)) = 0 ] && sleep 0.05; done; echo al''l\n`,
    );
    await terminal.sees('ready');
    const parts: Buffer[] = [];
    const attach = (offset: number): Promise<TerminalClient> =>
      eventually('the terminal to take the page back', async () => {
        const client = await alice.attach(session, id, offset, { page });
        expect(await client.attached).toMatchObject({ offset, truncated: false });
        return client;
      });
    for (let cut = 0; cut < CUTS; cut += 1) {
      const killed = cut % (CUTS / KILLS) === 5;
      await new Promise((resolve) => setTimeout(resolve, 20 + ((cut * 37) % 180)));
      if (killed) {
        await bastion.api.stop('SIGKILL');
        bastion.api.start();
        await bastion.ready();
      } else if (cut % 2 === 0) terminal.close();
      // Otherwise the old socket stays, as one does whose network went away: the page replaces it.
      parts.push(terminal.bytes);
      const before = terminal;
      terminal = await attach(before.offset);
      before.close();
    }
    const text = await eventually('everything', () => {
      const all = Buffer.concat([...parts, terminal.bytes]).toString('utf8');
      return all.includes('all\r\n') ? all : null;
    });
    const numbers = [...text.matchAll(/n(\d+)\./gu)].map((match) => Number(match[1]));
    expect(numbers).toEqual(Array.from({ length: 4_000 }, (_, index) => index + 1));
    terminal.close();
  });

  test('one drives and the others follow: their input counts for nothing, the size is the driver’s, taking over is one frame', async () => {
    const laptop = await alice.openTerminal(session);
    await laptop.becomes('driver');
    const phone = await alice.attach(session, laptop.id, 0);
    await phone.becomes('follower');
    await eventually('the follower to be counted', () => laptop.status?.followers === 1);
    expect(laptop.status?.tookOver).toBeNull();
    phone.type('echo never-$((1 + 1))\n');
    phone.resize(33, 11);
    laptop.resize(120, 40);
    laptop.type('stty size; echo on-$((20 + 3))\n');
    await phone.sees('40 120');
    await phone.sees('on-23');
    expect(phone.text).not.toContain('never-2');
    expect(phone.frames).toContainEqual({ type: 'resized', cols: 120, rows: 40 });
    // What a page sent in vain does not fill its window.
    expect(phone.taken).toBe('echo never-$((1 + 1))\n'.length);

    phone.takeOver();
    await phone.becomes('driver');
    await laptop.becomes('follower');
    expect(laptop.status?.tookOver?.name).toBe('Alice Archer');
    phone.resize(50, 20);
    phone.type('stty size\n');
    await laptop.sees('20 50');
    phone.close();
    await eventually('nobody to drive', () => laptop.status?.driver === null);
    laptop.close();
  });

  test('two that come at once: one drives, the other follows', async () => {
    const [{ id }] = [await alice.openTerminal(session).then((first) => (first.close(), first))];
    await eventually(
      'nobody to be there',
      async () => (await terminals()).find((each) => each.id === id)?.driver === null,
    );
    const both = await Promise.all([alice.attach(session, id), alice.attach(session, id)]);
    await eventually('their roles', () => both.every(({ status }) => status?.followers === 1));
    expect(both.map(({ status }) => status?.role).sort()).toEqual(['driver', 'follower']);
    for (const client of both) client.close();
  });

  test('a page that names itself gets no right by it', async () => {
    const page = randomUUID();
    const terminal = await alice.openTerminal(session);
    const mine = await alice.attach(session, terminal.id, 0, { page });
    // Foreign: somebody else with the name of the page and of the session.
    await expect(bob.attach(session, terminal.id, 0, { page })).rejects.toThrow('4404');
    // Forged: no name at all.
    await expect(alice.attach(session, terminal.id, 0, { page: '../../etc' })).rejects.toThrow();
    expect(mine.status?.role).toBe('follower');
    // Replayed: the same page again replaces itself and keeps what it was.
    const again = await alice.attach(session, terminal.id, 0, { page });
    expect(await mine.closed).toBe(4409);
    await again.becomes('follower');
    await terminal.becomes('driver');
    // From an offset that was never reached it gets the screen.
    const ahead = await alice.attach(session, terminal.id, 10_000_000_000, { role: 'follower' });
    expect((await ahead.attached).screen).toBeGreaterThan(0);
    for (const client of [terminal, again, ahead]) client.close();
  });

  test('a detached terminal runs on, bounded, and is listed with what ran last and since when', async () => {
    const terminal = await alice.openTerminal(session);
    const { id } = terminal;
    terminal.type(`printf '\\033]0;count\\342\\200\\256er\\007'; sleep 1; yes 0123456789\n`);
    await eventually('the flood', () => terminal.offset > 2_000_000);
    const left = terminal.offset;
    terminal.close();
    const listed = () => terminals().then((all) => all.find((each) => each.id === id));
    // Nobody reads: it runs on for as long as configured, and stops there with nothing dropped.
    const stopped = await eventually('the program to wait', async () => {
      const [one, other] = [await listed(), await new Promise((resolve) => setTimeout(resolve, 1_000)).then(listed)];
      return one !== undefined && one.offset === other?.offset && other.offset >= DETACHED_BYTES ? other : null;
    });
    // Beyond its bound there is what was on the way to the page and from the agent when it was closed.
    expect(stopped.offset).toBeLessThanOrEqual(left + DETACHED_BYTES + 4 * OUTPUT_WINDOW);
    expect(stopped).toMatchObject({ driver: null, followers: 0, attached: false });
    expect(Date.parse(stopped.detachedSince ?? '')).toBeGreaterThan(0);
    await eventually('its title', async () => (await listed())?.title === 'counter');
    await eventually('what it ran', async () => (await listed())?.ran?.startsWith('printf '));

    // Whoever comes gets the screen of now, not ten megabytes, and what follows it without a gap.
    const joined = await alice.attach(session, id, 0);
    const { offset, screen } = await joined.attached;
    expect(offset).toBeGreaterThanOrEqual(stopped.offset);
    expect(screen).toBeLessThan(500_000);
    await eventually('all of the screen', () => joined.screen.length === screen);
    expect(joined.screen.toString('latin1')).toContain('0123456789');
    await eventually('it to go on', () => joined.offset > offset + 3_000_000);
    joined.type('\u0003');
    joined.close();
  });

  test('twenty watchers see what the driver sees, and one that never reads holds nobody', async () => {
    const driver = await alice.openTerminal(session);
    driver.type(`${QUIET}echo re''ady\n`);
    await driver.sees('ready');
    const watchers = await Promise.all(
      Array.from({ length: 20 }, () => alice.attach(session, driver.id, 0, { role: 'follower' })),
    );
    const [asleep] = watchers;
    asleep?.setReading(false);
    driver.type('i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i"; done; echo al\'\'l\n');
    await driver.sees('all\r\n');
    for (const watcher of watchers) await watcher.sees('all\r\n');
    const seen = driver.bytes.toString('latin1');
    for (const watcher of watchers) expect(watcher.bytes.toString('latin1')).toBe(seen);
    // Past its window the one that does not read gets nothing more; the driver goes on.
    driver.type("head -c 6000000 /dev/zero | tr '\\\\0' x; echo; echo fi''n\n");
    await driver.sees('fin\r\n');
    expect(asleep?.offset).toBeLessThanOrEqual(seen.length + OUTPUT_WINDOW);
    for (const client of [driver, ...watchers]) client.close();
  });

  test('an end closes every page, and the session’s terminals with it', async () => {
    const [driver] = [await alice.openTerminal(session)];
    const follower = await alice.attach(session, driver.id);
    await alice.ask(Session, 'DELETE', `/sessions/${session}`);
    expect([await driver.closed, await follower.closed]).toEqual([4410, 4410]);
    await alice.sessionIn(session, 'ended');
  });
});
