import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ListedTerminal, Session } from '../../contract/sessions.ts';
import { OUTPUT_WINDOW } from '../../contract/terminal-frames.ts';
import { DRIVER_AHEAD } from '../../src/api/terminals/live-terminal.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import { agentPid, residentMb } from '../harness/process-memory.ts';
import type { TestRouter } from '../harness/router.ts';
import { containerOf, docker } from './truth.ts';

/** What each of api and gateway may take while neighbours misbehave, in MB of resident memory; `docs/OPERATIONS.md` states it. */
const MEMORY_BOUND_MB = 400;

/** What an agent may take while four terminals write as fast as they can and nobody reads, in MB of resident memory; its cgroup ends it at 192. */
const AGENT_BOUND_MB = 160;

/** What a flood writes again and again. */
const LINE = '0123456789012345678901234567890123456789';

const Terminals = z.object({ items: z.array(ListedTerminal) });

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

  test('a reader that stops stops the program, and neither agent nor api takes more memory for it', async () => {
    const { id } = await alice.liveSession(noisy.id);
    const agent = agentPid(await containerOf(bastion, id));
    const floods = await Promise.all([1, 2, 3, 4].map(() => alice.openTerminal(id)));
    for (const flood of floods) flood.type(`stty -echo; yes ${LINE}\n`);
    await eventually('the floods to run', () => floods.every(({ offset }) => offset > 5_000_000));

    const held = floods.map((flood) => {
      flood.setReading(false);
      return flood.offset;
    });
    // What is recorded grows until windows and the agent's rings are full; then the programs wait.
    const recorded = async () => {
      const { items } = await alice.ask(Terminals, 'GET', `/sessions/${id}/terminals`);
      return floods.map((flood) => items.find((item) => item.id === flood.id)?.offset ?? Number.NaN);
    };
    let last: number[] = [];
    let same = 0;
    await eventually('the programs to wait', async () => {
      const now = await recorded();
      same = now.join() === last.join() ? same + 1 : 0;
      last = now;
      return same >= 40;
    });
    for (const [index, offset] of held.entries()) {
      expect((last[index] ?? Infinity) - offset).toBeLessThanOrEqual(DRIVER_AHEAD + OUTPUT_WINDOW);
    }

    for (const flood of floods) flood.setReading(true);
    await eventually('the floods to go on', () =>
      floods.every(({ offset }, index) => offset - (last[index] ?? 0) > 10_000_000),
    );
    // The kernel keeps the highest: no moment between two looks is missed.
    expect(residentMb(agent, 'VmHWM')).toBeLessThan(AGENT_BOUND_MB);
    expect(residentMb(bastion.api.pid, 'VmHWM')).toBeLessThan(MEMORY_BOUND_MB);
    for (const flood of floods) {
      const lines = flood.text.split('\r\n').slice(1, -1);
      expect(lines.filter((line) => line !== LINE)).toEqual([]);
      flood.close();
    }
    await alice.ask(Session, 'DELETE', `/sessions/${id}`);
    await alice.sessionIn(id, 'ended');
  });

  test('endless output, readers that do not read, a fork bomb and a memory hog leave the others their terminal', async () => {
    const loud = await alice.liveSession(noisy.id);
    const calm = await bob.liveSession(quiet.id);
    const terminal = await bob.openTerminal(calm.id);
    const floods = await Promise.all([1, 2, 3, 4].map(() => alice.openTerminal(loud.id)));
    for (const [index, flood] of floods.entries()) {
      // Two of them are never read, which must hold their programs and nobody's memory.
      if (index % 2 === 0) flood.setReading(false);
      flood.type(`yes ${LINE}\n`);
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
      highest = Math.max(highest, residentMb(bastion.api.pid, 'VmRSS'), residentMb(bastion.gateway.pid, 'VmRSS'));
    }
    expect(highest).toBeLessThan(MEMORY_BOUND_MB);

    for (const flood of floods) flood.close();
    await alice.ask(Session, 'DELETE', `/sessions/${loud.id}`);
    await alice.sessionIn(loud.id, 'ended');
    expect((await bob.session(calm.id)).state).toBe('live');
  });
});
