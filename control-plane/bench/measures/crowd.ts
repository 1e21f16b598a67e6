import { BenchTerminal } from '../bench-terminal.ts';
import { EchoPair } from '../echo.ts';
import { atMost, forComparison, type Measure } from '../measure.ts';
import { type Desk, onStage, pause } from '../stage.ts';
import { summarise } from '../statistics.ts';

const CROWDS = { quick: [10], full: [50, 100] };
const ECHO_SAMPLES = { quick: 50, full: 500 };
/** A busy session prints a line of 200 bytes ten times a second, as a log that is followed does; by one process, so that the router can. */
const BUSY = `exec perl -e '$|=1; for(;;){ print "x" x 198, "\\r\\n"; select(undef, undef, undef, 0.1) }'\n`;
/** Until all of them are printing evenly, in milliseconds. */
const EVEN_MS = 3_000;

/** Many sessions asked for in the same moment, then all of them busy while one person types. */
export async function measureCrowd(quick: boolean): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const size of quick ? CROWDS.quick : CROWDS.full) {
    measures.push(...(await measureOne(size, quick ? ECHO_SAMPLES.quick : ECHO_SAMPLES.full)));
  }
  return measures;
}

function measureOne(size: number, samples: number): Promise<Measure[]> {
  return onStage({ warmPool: 2 }, async (stage) => {
    const typist = await stage.desk('carol');
    // A person may attach 64 terminals, and a router's tunnel has 64 channels.
    const desks = [await stage.desk('alice'), await stage.desk('bob')];
    await stage.rested();
    const since = performance.now();
    const ways = await Promise.all(
      Array.from({ length: size }, (_, index) => start(desks[index % desks.length] as Desk, since)),
    );
    const terminals: BenchTerminal[] = [];
    const probe = await typist.session();
    try {
      for (const { desk, session } of ways) {
        const terminal = await BenchTerminal.open(desk.person, session);
        terminals.push(terminal);
        await terminal.prompt();
        terminal.type(BUSY);
      }
      const pair = await EchoPair.open(typist, probe);
      try {
        await pause(EVEN_MS);
        const before = terminals.reduce((bytes, terminal) => bytes + terminal.received, 0);
        const begin = performance.now();
        const { ours, ssh } = await pair.sample(samples);
        const bytes = terminals.reduce((sum, terminal) => sum + terminal.received, 0) - before;
        const rate = bytes / 1_000 / ((performance.now() - begin) / 1_000);
        const echo = {
          name: `echo, ${size} busy sessions (${Math.round(rate)} KB/s)`,
          unit: 'ms',
          ours: summarise(ours),
        } as const;
        const series = (pick: (way: Way) => number) => summarise(ways.map(pick));
        return [
          forComparison({ name: `start, ${size} at once`, unit: 'ms', ours: series((way) => way.live) }),
          forComparison({ name: '  of that in the queue', unit: 'ms', ours: series((way) => way.queued) }),
          forComparison({ name: '  of that for a sandbox', unit: 'ms', ours: series((way) => way.sandbox) }),
          size === 100 ? atMost(echo, 30, 'p95', summarise(ssh)) : forComparison(echo, summarise(ssh)),
        ];
      } finally {
        await pair.close();
      }
    } finally {
      for (const terminal of terminals) terminal.close();
    }
  });
}

interface Way {
  readonly desk: Desk;
  readonly session: string;
  /** Milliseconds from everybody's request to live, to the end of queueing, and from there to the sandbox. */
  readonly live: number;
  readonly queued: number;
  readonly sandbox: number;
}

async function start(desk: Desk, since: number): Promise<Way> {
  const { id: session } = await desk.person.startSession(desk.router.id);
  const states = await desk.watch.until(session, 'live');
  const live = states.get('live') ?? Number.NaN;
  const connecting = states.get('connecting') ?? live;
  const starting = states.get('starting') ?? connecting;
  return { desk, session, live: live - since, queued: starting - since, sandbox: connecting - starting };
}
