import { BenchTerminal } from '../bench-terminal.ts';
import { containerOf, memoryOf } from '../containers.ts';
import { atMost, type Measure } from '../measure.ts';
import { onStage, pause } from '../stage.ts';
import { summarise } from '../statistics.ts';

const SESSIONS = { quick: 2, full: 8 };
const IDLE_MS = { quick: 3_000, full: 20_000 };
const MEBIBYTE = 1_048_576;

/** What a live session with one open terminal costs while its person thinks: the whole container. */
export function measureMemory(quick: boolean): Promise<Measure[]> {
  return onStage({ warmPool: 1 }, async (stage) => {
    const desk = await stage.desk('alice');
    const sessions: string[] = [];
    const terminals: BenchTerminal[] = [];
    try {
      for (let count = 0; count < (quick ? SESSIONS.quick : SESSIONS.full); count += 1) {
        const session = await desk.session();
        sessions.push(session);
        const terminal = await BenchTerminal.open(desk.person, session);
        terminals.push(terminal);
        await terminal.prompt();
      }
      await pause(quick ? IDLE_MS.quick : IDLE_MS.full);
      const samples: number[] = [];
      for (const session of sessions) {
        samples.push((await memoryOf(await containerOf(stage.bastion.runDirectory, session))) / MEBIBYTE);
      }
      return [atMost({ name: 'memory of an idle session', unit: 'MB', ours: summarise(samples) }, 32, 'median')];
    } finally {
      for (const terminal of terminals) terminal.close();
    }
  });
}
