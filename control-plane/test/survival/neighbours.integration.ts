import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Session } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { containerOf, docker } from './truth.ts';

/** What each of api and gateway may take while neighbours misbehave, in MB of resident memory; `docs/OPERATIONS.md` states it. */
const MEMORY_BOUND_MB = 400;

/** Resident memory of a process, in MB (`/proc/<pid>/status`, VmRSS). */
function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1_024;
}

describe('a neighbour that takes all it can get', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let noisy: TestRouter;
  let quiet: TestRouter;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    [alice, bob] = [await bastion.signIn('alice'), await bastion.signIn('bob')];
    noisy = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id);
    quiet = await bastion.enrolRouter(bob, (await bob.newOrganisation('Two')).id);
  });
  afterAll(() => bastion?.close());

  test('endless output, readers that do not read, a fork bomb and a memory hog leave the others their terminal', async () => {
    const loud = await alice.liveSession(noisy.id);
    const calm = await bob.liveSession(quiet.id);
    const terminal = await bob.openTerminal(calm.id);
    const floods = await Promise.all([1, 2, 3, 4].map(() => alice.openTerminal(loud.id)));
    for (const [index, flood] of floods.entries()) {
      // Two of them are never read, which must hold their programs and nobody's memory.
      if (index % 2 === 0) flood.setReading(false);
      flood.type('yes 0123456789012345678901234567890123456789\n');
    }
    await eventually('the floods to run', () => floods[1] !== undefined && floods[1].offset > 5_000_000);
    // From here on the kernel may end the noisy sandbox for memory; the calm one must not notice.
    const container = await containerOf(bastion, loud.id);
    const inside = (script: string) => docker('exec', '-d', container, '/usr/local/bin/node', '-e', script);
    inside(
      'const { spawn } = require("node:child_process"); setInterval(() => { for (let i = 0; i < 8; i++) spawn(process.execPath, ["-e", "setTimeout(() => {}, 2000)"]).on("error", () => {}) }, 50)',
    );
    inside('const all = []; setInterval(() => all.push(Buffer.alloc(4_000_000, 1)), 20)');

    let highest = 0;
    for (let round = 1; round <= 20; round += 1) {
      terminal.type(`echo calm-$((1000 + ${round}))\n`);
      await terminal.sees(`calm-${1_000 + round}`);
      highest = Math.max(highest, residentMb(bastion.api.pid), residentMb(bastion.gateway.pid));
    }
    expect(highest).toBeLessThan(MEMORY_BOUND_MB);

    for (const flood of floods) flood.close();
    await alice.ask(Session, 'DELETE', `/sessions/${loud.id}`);
    await alice.sessionIn(loud.id, 'ended');
    expect((await bob.session(calm.id)).state).toBe('live');
  });
});
