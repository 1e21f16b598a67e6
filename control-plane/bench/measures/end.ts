import { Session } from '../../contract/sessions.ts';
import { BenchTerminal } from '../bench-terminal.ts';
import { containerOf, isThere } from '../containers.ts';
import { atMost, forComparison, type Measure } from '../measure.ts';
import { onStage, pause } from '../stage.ts';
import { summarise } from '../statistics.ts';

const SAMPLES = { quick: 4, full: 30 };
/** How often the engine is asked, in milliseconds. */
const ASK_EVERY_MS = 5;

/** From the request that ends a session until the engine no longer knows its container. */
export function measureEnd(quick: boolean): Promise<Measure[]> {
  return onStage({ warmPool: 1 }, async (stage) => {
    const desk = await stage.desk('alice');
    const gone: number[] = [];
    const told: number[] = [];
    await stage.rested();
    for (let sample = 0; sample < (quick ? SAMPLES.quick : SAMPLES.full); sample += 1) {
      const session = await desk.session();
      const terminal = await BenchTerminal.open(desk.person, session);
      await terminal.prompt();
      // Taking a warm sandbox starts another one, which is not what is measured.
      await stage.rested();
      const container = await containerOf(stage.bastion.runDirectory, session);
      const since = performance.now();
      const ending = desk.person.ask(Session, 'DELETE', `/sessions/${session}`);
      while (await isThere(container)) await pause(ASK_EVERY_MS);
      gone.push(performance.now() - since);
      await ending;
      told.push(((await desk.watch.until(session, 'ended')).get('ended') ?? Number.NaN) - since);
      terminal.close();
    }
    return [
      atMost({ name: 'end to container gone', unit: 'ms', ours: summarise(gone) }, 1_000, 'p99'),
      forComparison({ name: '  until the page is told', unit: 'ms', ours: summarise(told) }),
    ];
  });
}
