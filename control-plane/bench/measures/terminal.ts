import { BulkOutput } from '../bulk-output.ts';
import { EchoPair } from '../echo.ts';
import { addsAtMost, atLeastShare, forComparison, type Measure } from '../measure.ts';
import { type Desk, onStage } from '../stage.ts';
import { summarise } from '../statistics.ts';

const ECHO_SAMPLES = { quick: 200, full: 1_000 };
const BULK_SAMPLES = { quick: 2, full: 9 };

/** What a person at a terminal feels: the echo of a key, and how fast output comes. */
export function measureTerminal(quick: boolean): Promise<Measure[]> {
  return onStage({ warmPool: 1 }, async (stage) => {
    const desk = await stage.desk('alice');
    await stage.rested();
    const session = await desk.session();
    const echo = await measureEcho(desk, session, quick ? ECHO_SAMPLES.quick : ECHO_SAMPLES.full);
    return [...echo, ...(await measureBulk(desk, session, quick ? BULK_SAMPLES.quick : BULK_SAMPLES.full))];
  });
}

async function measureEcho(desk: Desk, session: string, samples: number): Promise<Measure[]> {
  const pair = await EchoPair.open(desk, session);
  try {
    const { ours, ssh } = await pair.sample(samples);
    const measure = { name: 'echo of a key', unit: 'ms', ours: summarise(ours) } as const;
    return [addsAtMost(measure, summarise(ssh), { median: 1, p99: 5 }, 'OpenSSH')];
  } finally {
    await pair.close();
  }
}

async function measureBulk(desk: Desk, session: string, samples: number): Promise<Measure[]> {
  const output = new BulkOutput(desk);
  const rates = { ours: [] as number[], ssh: [] as number[], tty: [] as number[] };
  try {
    for (let sample = 0; sample < samples; sample += 1) {
      rates.ours.push(await output.rate(session));
      rates.ssh.push(await output.sshRate([]));
      rates.tty.push(await output.sshRate(['-tt']));
    }
  } finally {
    output.remove();
  }
  const bulk = { name: 'output of 100 MB', unit: 'MB/s', ours: summarise(rates.ours) } as const;
  const pipe = { name: '  beside OpenSSH without a terminal', unit: 'MB/s', ours: summarise(rates.ours) } as const;
  return [
    // The same command in the same kind of terminal: the router's own terminal device is on both ways.
    atLeastShare(bulk, summarise(rates.tty), 0.7, 'ssh -tt cat > /dev/null'),
    forComparison(pipe, summarise(rates.ssh)),
  ];
}
