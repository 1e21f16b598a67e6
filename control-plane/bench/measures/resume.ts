import { decodeFrame } from '../../contract/terminal-frames.ts';
import { BenchTerminal } from '../bench-terminal.ts';
import { EchoPair } from '../echo.ts';
import { addsAtMost, atMost, type Measure } from '../measure.ts';
import { type Desk, onStage, pause } from '../stage.ts';
import { summarise } from '../statistics.ts';

const JOINS = { quick: 5, full: 40 };
const KEYS = { quick: 100, full: 500 };
const WATCHERS = 20;
/** Lines of 64 bytes with colours in them, as logs have: what a screen has to parse, not what it may skip. */
const HISTORY_LINES = 160_000;
/** What a page would rather replay than have drawn, as the page asks. */
const REPLAY = 65_536;

/** What somebody waits for who comes back, and what those who watch cost the one who types. */
export function measureResume(quick: boolean): Promise<Measure[]> {
  return onStage({ warmPool: 1 }, async (stage) => {
    const desk = await stage.desk('alice');
    await stage.rested();
    const session = await desk.session();
    const watched = await measureWatched(desk, session, quick ? KEYS.quick : KEYS.full);
    return [await measureJoin(desk, session, quick ? JOINS.quick : JOINS.full), watched];
  });
}

/** From opening a page's socket to the last byte of the exact screen, with ten megabytes behind it. */
async function measureJoin(desk: Desk, session: string, samples: number): Promise<Measure> {
  const terminal = await BenchTerminal.open(desk.person, session);
  try {
    await terminal.prompt();
    const line = '\\033[3%dm%06d\\033[0m the quick brown fox jumps over it \\033[1mtwice\\033[0m';
    terminal.type(
      `stty -echo; awk 'BEGIN { for (i = 0; i < ${HISTORY_LINES}; i++) printf "${line}\\n", i % 8, i; print "do" "ne" }'\n`,
    );
    await terminal.shows('done');
    const times: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      times.push(await joinTime(desk, session, terminal.id));
      await pause(20);
    }
    const name = 'resume to the exact screen, 10 MB of history';
    return atMost({ name, unit: 'ms', ours: summarise(times) }, 300, 'median');
  } finally {
    terminal.close();
  }
}

function joinTime(desk: Desk, session: string, id: number): Promise<number> {
  const since = performance.now();
  const path = `/sessions/${session}/terminals/${id}/attach?offset=0&replay=${REPLAY}&role=follower`;
  const socket = desk.person.webSocket(path);
  socket.binaryType = 'nodebuffer';
  return new Promise((resolve, reject) => {
    let left: number | null = null;
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`the page was closed with ${code}`)));
    socket.on('message', (data: Buffer) => {
      const frame = decodeFrame(data);
      if (frame.type === 'attached') left = frame.value.screen ?? 0;
      else if (frame.type === 'screen' && left !== null) left -= frame.bytes.length;
      if (left !== 0) return;
      resolve(performance.now() - since);
      socket.removeAllListeners('close').terminate();
    });
  });
}

/** Echo of a key with twenty pages that watch, against the same without them. */
async function measureWatched(desk: Desk, session: string, samples: number): Promise<Measure> {
  const pair = await EchoPair.open(desk, session);
  const watchers: BenchTerminal[] = [];
  try {
    const alone = await pair.sample(samples);
    for (let count = 0; count < WATCHERS; count += 1) {
      watchers.push(BenchTerminal.follow(desk.person, session, pair.terminalId));
    }
    await pause(1_000);
    const watched = await pair.sample(samples);
    const measure = { name: `echo of a key, ${WATCHERS} watch`, unit: 'ms', ours: summarise(watched.ours) } as const;
    return addsAtMost(measure, summarise(alone.ours), { p95: 2 }, 'without them');
  } finally {
    for (const watcher of watchers) watcher.close();
    await pair.close();
  }
}
