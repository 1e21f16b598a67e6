import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SESSION_IMAGE } from '@netpilot/session-image/build.ts';
import { BenchTerminal } from '../bench-terminal.ts';
import { addsAtMost, forComparison, type Measure } from '../measure.ts';
import { type Desk, onStage, pause } from '../stage.ts';
import { summarise } from '../statistics.ts';

const run = promisify(execFile);

const WARM_SAMPLES = { quick: 6, full: 25 };
const EMPTY_SAMPLES = { quick: 3, full: 10 };
/** Between two samples, in milliseconds. */
const PAUSE_MS = 300;

/** Milliseconds of one way to the prompt: all of it, and where the page was waiting. */
interface Way {
  readonly total: number;
  readonly asked: number;
  readonly live: number;
  readonly opened: number;
}

/** From asking for a session to the prompt, with a warm pool and with an empty one. */
export async function measurePrompt(quick: boolean): Promise<Measure[]> {
  return [...(await measureWarm(quick)), ...(await measureEmpty(quick))];
}

function measureWarm(quick: boolean): Promise<Measure[]> {
  return onStage({ warmPool: 2 }, async (stage) => {
    const desk = await stage.desk('alice');
    const ways: Way[] = [];
    const ssh: number[] = [];
    // The first of each warms processes and caches up.
    for (let sample = 0; sample <= (quick ? WARM_SAMPLES.quick : WARM_SAMPLES.full); sample += 1) {
      await stage.rested();
      const way = await toPrompt(desk);
      await pause(PAUSE_MS);
      const reference = await desk.ssh.toPrompt();
      if (sample === 0) continue;
      ways.push(way);
      ssh.push(reference);
    }
    const series = (pick: (way: Way) => number) => summarise(ways.map(pick));
    const reference = summarise(ssh);
    const name = 'prompt, warm pool';
    return [
      addsAtMost({ name, unit: 'ms', ours: series((way) => way.total) }, reference, { median: 60 }, 'OpenSSH'),
      forComparison({ name: '  request answered', unit: 'ms', ours: series((way) => way.asked) }),
      forComparison({ name: '  live after that', unit: 'ms', ours: series((way) => way.live - way.asked) }),
      forComparison({ name: '  terminal opened', unit: 'ms', ours: series((way) => way.opened - way.live) }),
      forComparison({ name: '  attached, first bytes', unit: 'ms', ours: series((way) => way.total - way.opened) }),
    ];
  });
}

function measureEmpty(quick: boolean): Promise<Measure[]> {
  return onStage({ warmPool: 0 }, async (stage) => {
    const desk = await stage.desk('alice');
    const ours: number[] = [];
    const bare: number[] = [];
    for (let sample = 0; sample <= (quick ? EMPTY_SAMPLES.quick : EMPTY_SAMPLES.full); sample += 1) {
      const way = await toPrompt(desk);
      await pause(PAUSE_MS);
      const reference = (await bareContainer()) + (await desk.ssh.toPrompt());
      await pause(PAUSE_MS);
      if (sample === 0) continue;
      ours.push(way.total);
      bare.push(reference);
    }
    const measure = { name: 'prompt, empty pool', unit: 'ms', ours: summarise(ours) } as const;
    return [addsAtMost(measure, summarise(bare), { median: 300 }, 'docker run and OpenSSH')];
  });
}

/** A session from its request to the first output of its first terminal; ended again before this returns. */
async function toPrompt(desk: Desk): Promise<Way> {
  const since = performance.now();
  const { id } = await desk.person.startSession(desk.router.id);
  const asked = performance.now() - since;
  const states = await desk.watch.until(id, 'live');
  const live = (states.get('live') ?? Number.NaN) - since;
  const terminal = await BenchTerminal.open(desk.person, id);
  const opened = performance.now() - since;
  try {
    return { total: (await terminal.prompt()) - since, asked, live, opened };
  } finally {
    terminal.close();
    await desk.end(id);
  }
}

/** What the engine alone needs for a container of the same image that runs next to nothing, in milliseconds. */
async function bareContainer(): Promise<number> {
  const since = performance.now();
  const program = ['--entrypoint', '/usr/local/bin/node', SESSION_IMAGE, '-e', '0'];
  await run('docker', ['run', '--rm', '--network', 'none', '--label', 'netpilot=bench', ...program], {
    timeout: 60_000,
  });
  return performance.now() - since;
}
