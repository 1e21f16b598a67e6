import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { ExecResult, Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { containerOf, docker, truthOf } from './truth.ts';

/** Takes memory and touches it until somebody stops it. */
const HOG = 'const held = []; for (;;) held.push(Buffer.alloc(4_194_304, 1));';

describe('a sandbox that dies', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let router: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    alice = await bastion.signIn('alice');
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
  });
  afterAll(() => bastion?.close());

  test('killed: its session ends as sandbox_lost, the one beside it goes on, nothing is left of it', async () => {
    const [session, beside] = [await alice.liveSession(router.id), await alice.liveSession(router.id)];
    const terminal = await alice.openTerminal(session.id);
    docker('kill', await containerOf(bastion, session.id));
    expect(await alice.sessionIn(session.id, 'ended')).toMatchObject({
      endReason: 'sandbox_lost',
      endDetail: expect.stringContaining('137'),
    });
    expect([1013, 4410]).toContain(await terminal.closed);
    expect((await truthOf(bastion, 1)).rows).toEqual({ [beside.id]: 'live' });
    expect(await alice.refusal('POST', `/sessions/${session.id}/exec`, { command: 'id' })).toEqual([
      409,
      'session_over',
    ]);
    expect(await alice.ask(ExecResult, 'POST', `/sessions/${beside.id}/exec`, { command: 'echo fine' })).toMatchObject({
      stdout: 'fine\n',
    });
    await alice.ask(Session, 'DELETE', `/sessions/${beside.id}`);
    await truthOf(bastion, 0);
  });

  test('removed by force from outside: the same, and no directory stays', async () => {
    const session = await alice.liveSession(router.id);
    docker('rm', '-f', await containerOf(bastion, session.id));
    expect(await alice.sessionIn(session.id, 'ended')).toMatchObject({ endReason: 'sandbox_lost' });
    await truthOf(bastion, 0);
  });

  test('out of memory beside the agent: the kernel takes the greedy process, and the session goes on', async () => {
    const session = await alice.liveSession(router.id);
    expect(await runHog(await containerOf(bastion, session.id))).toBe(137);
    expect(await alice.ask(ExecResult, 'POST', `/sessions/${session.id}/exec`, { command: 'echo on' })).toMatchObject({
      stdout: 'on\n',
    });
    expect((await truthOf(bastion, 1)).rows).toEqual({ [session.id]: 'live' });
    await alice.ask(Session, 'DELETE', `/sessions/${session.id}`);
    await truthOf(bastion, 0);
  });

  test('out of memory with the agent as the victim: the session ends and says why', async () => {
    const session = await alice.liveSession(router.id);
    const container = await containerOf(bastion, session.id);
    const agent = pidsOf(container);
    const hog = runHog(container, `process.once('SIGUSR2', () => { ${HOG} }); setInterval(() => {}, 1_000);`);
    const greedy = await eventually('the greedy process', () =>
      pidsOf(container).find((pid) => !agent.includes(pid) && catches(pid, 'SIGUSR2')),
    );
    // Whom the kernel takes is its own choice; here it is told.
    writeFileSync(`/proc/${greedy}/oom_score_adj`, '0');
    for (const pid of agent) writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
    process.kill(greedy, 'SIGUSR2');
    await hog;
    expect(await alice.sessionIn(session.id, 'ended')).toMatchObject({
      endReason: 'sandbox_lost',
      endDetail: expect.stringContaining('memory'),
    });
    await truthOf(bastion, 0);
    const next = await alice.liveSession(router.id);
    await alice.ask(Session, 'DELETE', `/sessions/${next.id}`);
    await truthOf(bastion, 0);
  });
});

/** Processes of a container, by their pids on this machine. */
function pidsOf(container: string): number[] {
  return docker('top', container, '-o', 'pid').split('\n').slice(1).map(Number).filter(Boolean);
}

/** @returns whether it is Node, and not the runtime that is about to become it and catches all signals, and has a handler of its own. */
function catches(pid: number, signal: NodeJS.Signals): boolean {
  if (!readlinkSync(`/proc/${pid}/exe`).endsWith('/node')) return false;
  const caught = /^SigCgt:\s*([0-9a-f]+)$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n;
}

/** @returns how the greedy process ended. */
function runHog(container: string, script = HOG): Promise<number | null> {
  return new Promise((resolve, reject) => {
    spawn('docker', ['exec', container, '/usr/local/bin/node', '-e', script], { stdio: 'ignore', timeout: 90_000 })
      .once('error', reject)
      .once('exit', resolve);
  });
}
