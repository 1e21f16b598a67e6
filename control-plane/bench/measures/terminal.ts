import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchTerminal } from '../bench-terminal.ts';
import { EchoPair } from '../echo.ts';
import { addsAtMost, atLeastShare, forComparison, type Measure } from '../measure.ts';
import { type Desk, onStage, pause } from '../stage.ts';
import { summarise } from '../statistics.ts';

const ECHO_SAMPLES = { quick: 200, full: 1_000 };
const BULK_SAMPLES = { quick: 2, full: 5 };
const BULK_BYTES = 100_000_000;
const MEGABYTE = 1_000_000;

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
  const file = join(desk.router.directory, 'bulk');
  // Text, as what people cat is; lines of 77 bytes.
  const make = `head -c ${BULK_BYTES} /dev/urandom | base64 | head -c ${BULK_BYTES} | tee '${file}' | wc -l`;
  const lines = Number(execFileSync('sh', ['-c', make], { timeout: 60_000, encoding: 'utf8' }));
  const rates = { ours: [] as number[], ssh: [] as number[], tty: [] as number[] };
  try {
    for (let sample = 0; sample < samples; sample += 1) {
      rates.ours.push(await ourRate(desk, session, file, BULK_BYTES + lines));
      rates.ssh.push(await sshRate(desk, file, []));
      rates.tty.push(await sshRate(desk, file, ['-tt']));
    }
  } finally {
    rmSync(file, { force: true });
  }
  const bulk = { name: 'output of 100 MB', unit: 'MB/s', ours: summarise(rates.ours) } as const;
  const pipe = { name: '  beside OpenSSH without a terminal', unit: 'MB/s', ours: summarise(rates.ours) } as const;
  return [
    // The same command in the same kind of terminal: the router's own terminal device is on both ways.
    atLeastShare(bulk, summarise(rates.tty), 0.7, 'ssh -tt cat > /dev/null'),
    forComparison(pipe, summarise(rates.ssh)),
  ];
}

/**
 * Megabytes a second from the command to the last byte that the page has parsed.
 * @param shown bytes that the file becomes in a terminal, which puts a return before each newline
 */
async function ourRate(desk: Desk, session: string, file: string, shown: number): Promise<number> {
  const terminal = await BenchTerminal.open(desk.person, session);
  try {
    await terminal.prompt();
    terminal.type(`stty -echo; echo rea''dy; read -r _; exec cat '${file}'\n`);
    await terminal.shows('ready');
    await pause(100);
    const from = terminal.received;
    const since = performance.now();
    terminal.type('\n');
    const until = await terminal.reads(() => (terminal.received - from >= shown ? performance.now() : null));
    return BULK_BYTES / MEGABYTE / ((until - since) / 1_000);
  } finally {
    terminal.close();
  }
}

/** The same of OpenSSH, from the command to the end of the client; connecting is left out. */
async function sshRate(desk: Desk, file: string, options: readonly string[]): Promise<number> {
  const begun = `${file}.begun`;
  try {
    await desk.ssh.discard(`touch '${begun}'; exec cat '${file}'`, options);
    const until = Date.now();
    return BULK_BYTES / MEGABYTE / ((until - (await stat(begun)).mtimeMs) / 1_000);
  } finally {
    rmSync(begun, { force: true });
  }
}
