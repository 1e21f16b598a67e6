import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ExecResult, ListedTerminal, Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

describe('the main job: each person’s terminal, on their router, in a sandbox of its own', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let root: TestPerson;
  let aliceRouter: TestRouter;
  let bobRouter: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    [alice, bob, root] = await Promise.all([bastion.signIn('alice'), bastion.signIn('bob'), bastion.signIn('root')]);
    const [one, two] = [await alice.newOrganisation('One'), await bob.newOrganisation('Two')];
    aliceRouter = await bastion.enrolRouter(alice, one.id, 'Alice’s');
    bobRouter = await bastion.enrolRouter(bob, two.id, 'Bob’s');
  });
  afterAll(() => bastion?.close());

  const exec = (person: TestPerson, session: string, command: string, more: object = {}) =>
    person.ask(ExecResult, 'POST', `/sessions/${session}/exec`, { command, ...more });

  test('two people work at the same time, and neither reaches anything of the other’s', async () => {
    const [hers, his] = await Promise.all([alice.liveSession(aliceRouter.id), bob.liveSession(bobRouter.id)]);
    const terminal = await alice.openTerminal(hers.id);
    terminal.type(`echo "from $((40 + 2)) \${SSH_CONNECTION##* }"\n`);
    await terminal.sees(/from 42 \d+/u);
    const other = await bob.openTerminal(his.id);
    other.type('echo hello-$((1 + 1))\n');
    await other.sees('hello-2');
    expect(terminal.text).not.toContain('hello-2');

    expect(bastion.containers().length).toBeGreaterThanOrEqual(2);
    for (const [method, path, body] of [
      ['GET', `/sessions/${hers.id}`, undefined],
      ['DELETE', `/sessions/${hers.id}`, undefined],
      ['GET', `/sessions/${hers.id}/terminals`, undefined],
      ['POST', `/sessions/${hers.id}/terminals`, { cols: 80, rows: 24 }],
      ['DELETE', `/sessions/${hers.id}/terminals/1`, undefined],
      ['POST', `/sessions/${hers.id}/exec`, { command: 'id' }],
    ] as const) {
      expect([path, await bob.refusal(method, path, body)]).toEqual([path, [404, 'not_found']]);
    }
    await expect(bob.attach(hers.id, terminal.id)).rejects.toThrow();
    // The platform's administrator may see and end the session, but not use it.
    expect(await root.session(hers.id)).toMatchObject({ state: 'live' });
    expect(await root.refusal('POST', `/sessions/${hers.id}/exec`, { command: 'id' })).toEqual([403, 'forbidden']);
    await expect(root.attach(hers.id, terminal.id)).rejects.toThrow();
    expect(JSON.stringify(await (await bob.fetch('GET', '/sessions')).json())).not.toContain(hers.id);
    expect(JSON.stringify(await (await bob.fetch('GET', '/oversight/sessions')).json())).not.toContain(hers.id);
    const overseen = await root.ask(z.object({ items: z.array(Session) }), 'GET', '/oversight/sessions');
    expect(overseen.items.map((item) => item.id)).toEqual(expect.arrayContaining([hers.id, his.id]));

    await alice.ask(Session, 'DELETE', `/sessions/${hers.id}`);
    expect(await alice.sessionIn(hers.id, 'ended')).toMatchObject({ endReason: 'user' });
    await root.ask(Session, 'DELETE', `/sessions/${his.id}`);
    expect(await bob.sessionIn(his.id, 'ended')).toMatchObject({ endReason: 'admin' });
    expect(await terminal.closed).toBe(4410);
    expect(await alice.refusal('POST', `/sessions/${hers.id}/exec`, { command: 'id' })).toEqual([409, 'session_over']);
  });

  test('an ended session leaves no container and no directory', async () => {
    const session = await alice.liveSession(aliceRouter.id);
    await alice.ask(Session, 'DELETE', `/sessions/${session.id}`);
    await alice.sessionIn(session.id, 'ended');
    await eventually('only warm sandboxes to be left', () => {
      const running = bastion.containers().length;
      const directories = readdirSync(join(bastion.runDirectory, 'sessions')).length;
      return running <= 1 && directories <= 1 && running === directories;
    });
    expect(existsSync('/var/run/docker.sock')).toBe(true);
  });

  test('a command runs once and tells output, errors, exit code and limits', async () => {
    const { id } = await alice.liveSession(aliceRouter.id);
    expect(await exec(alice, id, 'echo out; echo err >&2; exit 3')).toMatchObject({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
      truncated: false,
      timedOut: false,
    });
    expect(await exec(alice, id, "printf '\\377\\376'")).toMatchObject({ encoding: 'base64', stdout: '//4=' });
    const endless = await exec(alice, id, 'yes', { maxBytes: 5_000 });
    expect(endless).toMatchObject({ truncated: true });
    expect(endless.stdout.length).toBeLessThanOrEqual(5_000);
    expect(await exec(alice, id, 'sleep 600', { timeoutSeconds: 1 })).toMatchObject({ timedOut: true });
    expect(await alice.refusal('POST', `/sessions/${id}/exec`, { command: '' })).toEqual([400, 'invalid_request']);
    await alice.ask(Session, 'DELETE', `/sessions/${id}`);
  });

  test('terminals: several, resized, gone on after a cut, bounded', async () => {
    const { id } = await alice.liveSession(aliceRouter.id);
    const first = await alice.openTerminal(id);
    const second = await alice.openTerminal(id);
    expect(second.id).not.toBe(first.id);
    first.resize(132, 50);
    first.type('stty size\n');
    await first.sees('50 132');
    first.type('i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo "line $i."; done; echo all-$((1 + 2))\n');
    await first.sees('line 100.');
    first.close();
    await first.closed;
    const again = await alice.attach(id, first.id, first.offset);
    expect((await again.attached).offset).toBe(first.offset);
    await again.sees('all-3');
    const lines = [...(first.text + again.text).matchAll(/line (\d+)\./gu)].map((match) => Number(match[1]));
    expect(lines).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));

    const follower = await alice.attach(id, first.id);
    await follower.becomes('follower');
    follower.takeOver();
    await follower.becomes('driver');
    await again.becomes('follower');
    follower.type('exit\n');
    await eventually('the exit on the page that follows', () => again.exit);
    await eventually('the exit', () => follower.exit);
    expect(await alice.refusal('POST', `/sessions/${id}/terminals`, { cols: 5_000, rows: 5_000 })).toEqual([
      400,
      'invalid_request',
    ]);
    second.resize(5_000, 5_000);
    expect(await second.closed).toBe(4400);
    const Terminals = z.object({ items: z.array(ListedTerminal) });
    expect((await alice.ask(Terminals, 'GET', `/sessions/${id}/terminals`)).items.length).toBe(2);
    await alice.ask(Session, 'DELETE', `/sessions/${id}`);
  });

  test('a flood that nobody reads stops at the router; nothing is dropped, and 10 MB of paste arrive', async () => {
    const { id } = await alice.liveSession(aliceRouter.id);
    const terminal = await alice.openTerminal(id);
    terminal.setReading(false);
    terminal.type(
      'PS1=; stty -echo; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo "$i: 0123456789012345678901234567890123456789012345678901234567890123456789"; done\n',
    );
    await eventually('the window to fill', () => terminal.offset >= 900_000);
    const held = terminal.offset;
    expect(held).toBeLessThan(3_000_000);
    terminal.setReading(true);
    await terminal.sees('60000: ');
    terminal.close();

    const paste = await alice.openTerminal(id);
    paste.type(
      'stty raw -echo; echo ready-$((1 + 1)); head -c 10000000 | sha256sum; stty sane; echo done-$((2 + 2))\n',
    );
    await paste.sees('ready-2');
    const block = 'x'.repeat(16_384);
    await paste.paste(block, 10_000_000);
    const expected = execFileSync('sh', ['-c', "head -c 10000000 /dev/zero | tr '\\0' x | sha256sum"], {
      encoding: 'utf8',
    }).slice(0, 64);
    await paste.sees(expected);
    await paste.sees('done-4');
    await alice.ask(Session, 'DELETE', `/sessions/${id}`);
  });
});
