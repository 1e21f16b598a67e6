import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ExecResult, Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { truthOf } from './truth.ts';

describe('the disk that the gateway notes its sessions on is full', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let router: TestRouter;
  let assignments: string;
  let mounted = false;

  beforeAll(async () => {
    bastion = await TestBastion.start({ api: { NETPILOT_ROUTER_WAIT_SECONDS: '60' } });
    assignments = join(bastion.runDirectory, 'assignments');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', assignments], { timeout: 30_000 });
    mounted = true;
    alice = await bastion.signIn('alice');
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
    router.keepDialling();
  });
  afterAll(async () => {
    if (mounted) execFileSync('umount', ['-l', assignments], { timeout: 30_000 });
    await bastion?.close();
  });

  test('a start fails and says why, what runs goes on, nothing is left, and it works again with room', async () => {
    const kept = await alice.liveSession(router.id);
    const filler = fill(join(assignments, 'filler'));
    for (let time = 0; time < 2; time += 1) {
      const { id } = await alice.startSession(router.id);
      const ended = await alice.sessionIn(id, 'ended');
      expect(ended).toMatchObject({ endReason: 'start_failed', endDetail: 'the disk of the bastion is full' });
    }
    expect((await truthOf(bastion, 1)).rows).toEqual({ [kept.id]: 'live' });
    expect(readdirSync(assignments)).toHaveLength(1);
    expect(await alice.ask(ExecResult, 'POST', `/sessions/${kept.id}/exec`, { command: 'echo on' })).toMatchObject({
      stdout: 'on\n',
    });
    // A gateway that starts on a full disk still finds what it noted before.
    await bastion.gateway.stop('SIGKILL');
    bastion.gateway.start();
    await bastion.ready();
    expect((await truthOf(bastion, 1)).rows).toEqual({ [kept.id]: 'live' });

    closeSync(filler);
    await router.connect(alice);
    const next = await alice.liveSession(router.id);
    for (const id of [next.id, kept.id]) {
      await alice.ask(Session, 'DELETE', `/sessions/${id}`);
      await alice.sessionIn(id, 'ended');
    }
    await truthOf(bastion, 0);
  });
});

/** Takes all room of a file system, under a name that nobody sees. @returns the open file; closing it gives the room back. */
function fill(path: string): number {
  const file = openSync(path, 'w');
  unlinkSync(path);
  const page = Buffer.alloc(4_096, 1);
  for (;;) {
    try {
      writeSync(file, page);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return file;
      throw error;
    }
  }
}
