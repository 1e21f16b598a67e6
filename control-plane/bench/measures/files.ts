import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EchoPair } from '../echo.ts';
import { FileTransfers } from '../file-transfers.ts';
import { addsAtMost, atLeastShare, atMost, type Measure } from '../measure.ts';
import { type Desk, onStage } from '../stage.ts';
import { summarise } from '../statistics.ts';

const SAMPLES = { quick: 1, full: 5 };
const ECHO_SAMPLES = { quick: 50, full: 500 };
const BULK = { quick: 50_000_000, full: 300_000_000 };
const ENTRIES = 10_000;
const SMALL_FILES = 2_000;
const SMALL_BYTES = 4_096;
const MEGABYTE = 1_000_000;
const SHARE = 0.8;

/** The same router with its SFTP server, and as stock OpenWrt is: with a shell only. */
export async function measureFiles(quick: boolean): Promise<Measure[]> {
  return [...(await measureRoad('sftp', quick)), ...(await measureRoad('shell', quick))];
}

function measureRoad(road: 'sftp' | 'shell', quick: boolean): Promise<Measure[]> {
  return onStage({ warmPool: 1 }, async (stage) => {
    const desk = await stage.desk('alice');
    if (road === 'sftp') {
      appendFileSync(join(desk.router.directory, 'sshd_config'), 'Subsystem sftp internal-sftp\n');
      await desk.router.setServing(false);
      await desk.router.setServing(true);
    }
    await stage.rested();
    const session = await desk.session();
    const files = new FileTransfers(desk.person, session);
    const found = await files.road();
    if (!found.includes(`"road":"${road}"`)) throw new Error(`the road is ${found}`);
    const samples = quick ? SAMPLES.quick : SAMPLES.full;
    const size = quick ? BULK.quick : BULK.full;
    const echo = quick ? ECHO_SAMPLES.quick : ECHO_SAMPLES.full;
    return [
      ...(await measureBulk(desk, files, road, size, samples)),
      ...(await measureListing(desk, files, road, samples)),
      ...(await measureFolder(desk, files, road, samples)),
      ...(await measureEcho(desk, session, files, road, size, echo)),
    ];
  });
}

async function measureBulk(
  desk: Desk,
  files: FileTransfers,
  road: string,
  size: number,
  samples: number,
): Promise<Measure[]> {
  const source = join(desk.router.directory, 'source');
  const target = join(desk.router.directory, 'target');
  makeBytes(source, size);
  const down = { ours: [] as number[], ssh: [] as number[] };
  const up = { ours: [] as number[], ssh: [] as number[] };
  try {
    for (let sample = 0; sample < samples; sample += 1) {
      down.ours.push(await rate(size, () => files.discard('content', source)));
      down.ssh.push(
        await rate(size, () =>
          road === 'sftp' ? desk.ssh.sftp(`get ${source} /dev/null`) : desk.ssh.discard(`cat '${source}'`),
        ),
      );
      up.ours.push(await rate(size, () => files.upload(source, size, target)));
      up.ssh.push(
        await rate(size, () =>
          road === 'sftp' ? desk.ssh.sftp(`put ${source} ${target}`) : desk.ssh.send(source, `cat > '${target}'`),
        ),
      );
    }
  } finally {
    for (const file of [source, target]) rmSync(file, { force: true });
  }
  const name = (what: string) => `${what} of ${size / MEGABYTE} MB, ${road}`;
  const judge = (what: string, of: typeof down, reference: string) =>
    atLeastShare({ name: name(what), unit: 'MB/s', ours: summarise(of.ours) }, summarise(of.ssh), SHARE, reference);
  return [
    judge('download', down, road === 'sftp' ? 'sftp get' : 'ssh cat'),
    judge('upload', up, road === 'sftp' ? 'sftp put' : 'ssh cat >'),
  ];
}

async function measureListing(desk: Desk, files: FileTransfers, road: string, samples: number): Promise<Measure[]> {
  const folder = join(desk.router.directory, 'listing');
  mkdirSync(folder);
  for (let entry = 0; entry < ENTRIES; entry += 1) writeFileSync(join(folder, `an entry ${entry}`), '');
  const ours: number[] = [];
  const ssh: number[] = [];
  try {
    for (let sample = 0; sample <= samples; sample += 1) {
      const took = await milliseconds(() => files.discard('list', folder));
      const reference = await milliseconds(() => desk.ssh.discard(`ls -la '${folder}'`));
      // The first of each warms caches.
      if (sample === 0) continue;
      ours.push(took);
      ssh.push(reference);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const measure = { name: `listing of ${ENTRIES}, ${road}`, unit: 'ms', ours: summarise(ours) } as const;
  return [addsAtMost(measure, summarise(ssh), { median: 500 }, 'ls -la over OpenSSH')];
}

async function measureFolder(desk: Desk, files: FileTransfers, road: string, samples: number): Promise<Measure[]> {
  const folder = join(desk.router.directory, 'small');
  const archive = join(desk.router.directory, 'small.tar');
  const target = join(desk.router.directory, 'unpacked');
  mkdirSync(folder);
  for (let file = 0; file < SMALL_FILES; file += 1)
    writeFileSync(join(folder, `file ${file}`), Buffer.alloc(SMALL_BYTES, file));
  execFileSync('tar', ['-C', desk.router.directory, '-cf', archive, 'small'], { timeout: 60_000 });
  const { size } = statSync(archive);
  const down = { ours: [] as number[], ssh: [] as number[] };
  const up = { ours: [] as number[], ssh: [] as number[] };
  const fresh = () => {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
  };
  try {
    for (let sample = 0; sample <= samples; sample += 1) {
      const rates = [
        await rate(size, () => files.discard('archive', folder)),
        await rate(size, () => desk.ssh.discard(`tar -cf - '${folder}' 2>/dev/null`)),
      ];
      fresh();
      rates.push(await rate(size, () => files.unpack(archive, size, target)));
      fresh();
      rates.push(await rate(size, () => desk.ssh.send(archive, `tar -C '${target}' -xf -`)));
      // The first of each warms caches.
      if (sample === 0) continue;
      const [oursDown = 0, sshDown = 0, oursUp = 0, sshUp = 0] = rates;
      down.ours.push(oursDown);
      down.ssh.push(sshDown);
      up.ours.push(oursUp);
      up.ssh.push(sshUp);
    }
  } finally {
    for (const path of [folder, archive, target]) rmSync(path, { recursive: true, force: true });
  }
  const judge = (what: string, of: typeof down, reference: string) => {
    const name = `${what}, ${SMALL_FILES} files of 4 KB, ${road}`;
    return atLeastShare({ name, unit: 'MB/s', ours: summarise(of.ours) }, summarise(of.ssh), SHARE, reference);
  };
  return [judge('folder down', down, 'ssh tar -c'), judge('folder up', up, 'ssh tar -x')];
}

async function measureEcho(
  desk: Desk,
  session: string,
  files: FileTransfers,
  road: string,
  size: number,
  samples: number,
): Promise<Measure[]> {
  const source = join(desk.router.directory, 'source');
  const target = join(desk.router.directory, 'target');
  makeBytes(source, size);
  const measures: Measure[] = [];
  try {
    for (const [what, move] of [
      ['a download', () => files.discard('content', source)],
      ['an upload', () => files.upload(source, size, target)],
    ] as const) {
      const pair = await EchoPair.open(desk, session);
      const over = new AbortController();
      const loop = (async () => {
        while (!over.signal.aborted) await move();
      })();
      try {
        const { ours, ssh } = await pair.sample(samples);
        const measure = { name: `echo during ${what}, ${road}`, unit: 'ms', ours: summarise(ours) } as const;
        measures.push(atMost(measure, 20, 'p95', summarise(ssh)));
      } finally {
        over.abort();
        await Promise.all([loop, pair.close()]);
      }
    }
  } finally {
    for (const file of [source, target]) rmSync(file, { force: true });
  }
  return measures;
}

/** Bytes that no compression gets smaller. */
function makeBytes(file: string, size: number): void {
  execFileSync('sh', ['-c', `head -c ${size} /dev/urandom > '${file}'`], { timeout: 120_000 });
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

/** Megabytes a second, from asking to the last byte; connecting is in OpenSSH's and asking in ours. */
async function rate(size: number, work: () => Promise<unknown>): Promise<number> {
  return size / MEGABYTE / ((await milliseconds(work)) / 1_000);
}
