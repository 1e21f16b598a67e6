import { Lock } from '../../contract/oversight.ts';
import { Session } from '../../contract/sessions.ts';
import { BenchTerminal } from '../bench-terminal.ts';
import { atMost, type Measure } from '../measure.ts';
import { type Desk, onStage, pause } from '../stage.ts';
import { summarise } from '../statistics.ts';

const SESSIONS = { quick: 4, full: 50 };
const ENDS = { quick: 2, full: 20 };
/** A line of 200 bytes ten times a second. */
const BUSY = `exec perl -e '$|=1; for(;;){ print "x" x 198, "\\r\\n"; select(undef, undef, undef, 0.1) }'\n`;
/** Until all of them are printing evenly, in milliseconds. */
const EVEN_MS = 3_000;

/** From the request that ends or locks until the last byte has come, while many sessions are printing. */
export function measureCut(quick: boolean): Promise<Measure[]> {
  return onStage({ warmPool: 2 }, async (stage) => {
    const desk = await stage.desk('alice');
    const size = quick ? SESSIONS.quick : SESSIONS.full;
    const running: Running[] = [];
    try {
      while (running.length < size) running.push(await start(desk));
      await pause(EVEN_MS);
      const ended: number[] = [];
      for (let sample = 0; sample < (quick ? ENDS.quick : ENDS.full); sample += 1) {
        const [victim] = running.splice(0, 1) as [Running];
        const since = performance.now();
        const ending = desk.person.ask(Session, 'DELETE', `/sessions/${victim.session}`);
        ended.push((await silent(victim)) - since);
        await ending;
        running.push(await start(desk));
      }
      const since = performance.now();
      const { organisationId } = desk;
      const locking = desk.person.ask(Lock, 'POST', '/locks', {
        organisationId,
        target: { type: 'organisation' },
        message: 'Measured.',
        expiresAt: null,
      });
      const locked = (await Promise.all(running.map(silent))).map((at) => at - since);
      await locking;
      return [
        atMost({ name: `end to no byte, ${size} live`, unit: 'ms', ours: summarise(ended) }, 2_000, 'p99'),
        atMost({ name: `lock to no byte, ${size} live`, unit: 'ms', ours: summarise(locked) }, 2_000, 'p99'),
      ];
    } finally {
      for (const { terminal } of running) terminal.close();
    }
  });
}

interface Running {
  readonly session: string;
  readonly terminal: BenchTerminal;
}

async function start(desk: Desk): Promise<Running> {
  const session = await desk.session();
  const terminal = await BenchTerminal.open(desk.person, session);
  await terminal.prompt();
  terminal.type(BUSY);
  return { session, terminal };
}

/** @returns when the terminal was closed, by `performance.now()`: nothing comes after that. */
function silent({ terminal }: Running): Promise<number> {
  return terminal
    .reads(() => null)
    .then(
      () => Number.NaN,
      () => performance.now(),
    );
}
