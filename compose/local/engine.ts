import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isInstalled } from './command.ts';
import { dockerSocket, pingEngine } from './docker.ts';
import { clearStaleEngineState } from './engine-leftovers.ts';
import { Obstacle } from './obstacle.ts';
import { endProcess, identify, isAlive, type ProcessIdentity } from './processes.ts';
import { ensurePackages, type Log } from './requirements.ts';

export interface Engine {
  /** True when {@link Engine.stop} ends it, false when it was there before. */
  ours: boolean;
  stop(): Promise<void>;
}

/** How long dockerd may take until it answers, in milliseconds; the first start on a slow disk is the worst. */
const START_LIMIT = 90_000;

/**
 * Makes sure that a Docker engine answers: uses the one that does, else installs docker.io when it is missing (after asking, at a
 * terminal) and starts dockerd, which then belongs to the caller. An engine left running by an earlier run that was killed is
 * taken over. The engine's log is `<stateDirectory>/logs/dockerd.log`.
 * @throws Obstacle when there is none and none can be started.
 */
export async function ensureEngine(options: { stateDirectory: string; log?: Log }): Promise<Engine> {
  const log = options.log ?? (() => {});
  const record = join(options.stateDirectory, 'engine.json');
  // Whoever runs the Docker command line from here on means this engine, whatever context the person has chosen.
  process.env['DOCKER_HOST'] = `unix://${dockerSocket()}`;
  const answer = await pingEngine();
  if (answer === 'forbidden') {
    throw new Obstacle(`This user may not open ${dockerSocket()}: join the group docker or start with sudo.`);
  }
  if (answer === 'answers') {
    const left = await readRecord(record);
    const isOrphan = left !== null && (await isAlive(left.daemon)) && !(await isAlive(left.owner));
    return isOrphan ? own(left.daemon, record) : { ours: false, stop: async () => {} };
  }
  if (process.getuid?.() !== 0) {
    throw new Obstacle('No Docker engine answers and starting one needs root: start Docker or start with sudo.');
  }
  await ensureInstalled(log);
  log('No Docker engine answers: starting one');
  await mkdir(join(options.stateDirectory, 'logs'), { recursive: true });
  const logFile = join(options.stateDirectory, 'logs', 'dockerd.log');
  const daemon = await startDaemon(logFile, log);
  return own(daemon, record);
}

/** Notes that the engine is this process's, so that a later one takes it over only when this one is gone. */
async function own(daemon: ProcessIdentity, record: string): Promise<Engine> {
  await writeFile(record, JSON.stringify({ daemon, owner: await identify(process.pid) }), { mode: 0o600 });
  return {
    ours: true,
    async stop() {
      await endProcess(daemon, { graceMs: 30_000 });
      await rm(record, { force: true });
    },
  };
}

async function ensureInstalled(log: Log): Promise<void> {
  if ((await isInstalled('dockerd')) && (await isInstalled('docker'))) {
    // Without it dockerd cannot set up a bridge network.
    if (!(await isInstalled('iptables'))) await ensurePackages(['iptables'], log);
    return;
  }
  log('No Docker engine is installed');
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const said = await terminal.question('Install docker.io from Debian now? [Y/n] ').finally(() => terminal.close());
    if (!/^(y|yes|)$/iu.test(said.trim()))
      throw new Obstacle('Without a Docker engine there is nothing to start: install one and start again.');
  }
  await ensurePackages(['docker.io', 'iptables'], log);
  // From Debian 13 on the client is a package of its own.
  if (!(await isInstalled('docker'))) await ensurePackages(['docker-cli'], log);
}

/** What in dockerd's log asks for which flag; each is added once, only when dockerd ended because of it. */
export function flagFor(log: string): string | null {
  const fatal = log.split('\n').findLast((line) => /failed to start daemon|level=fatal/u.test(line)) ?? '';
  if (/iptables|nat chain|ip_tables|nf_tables|isolation chain/iu.test(fatal)) return '--iptables=false';
  if (/graphdriver|overlay|storage.driver|driver not supported/iu.test(fatal)) return '--storage-driver=vfs';
  return null;
}

async function startDaemon(logFile: string, log: Log): Promise<ProcessIdentity> {
  const flags: string[] = [];
  let containerdRetried = false;
  for (;;) {
    await clearStaleEngineState();
    const daemon = await spawnDaemon(flags, logFile);
    if (await answersWhileAlive(daemon)) return daemon;
    const stillRuns = await isAlive(daemon);
    await endProcess(daemon, { graceMs: 10_000 });
    const written = await readFile(logFile, 'utf8');
    const flag = flagFor(written);
    if (flag !== null && !flags.includes(flag)) {
      log(`dockerd could not start as it is: trying ${flag}`);
      flags.push(flag);
    } else if (/containerd/u.test(lastProblem(written)) && !containerdRetried) {
      containerdRetried = true;
      await rm('/var/run/docker/containerd', { recursive: true, force: true });
    } else {
      const why = stillRuns ? `it did not answer within ${START_LIMIT / 1_000} s` : lastProblem(written);
      throw new Obstacle(`The Docker engine could not be started (${why}): see ${logFile}.`);
    }
  }
}

async function spawnDaemon(flags: readonly string[], logFile: string): Promise<ProcessIdentity> {
  const file = await open(logFile, 'w', 0o600);
  try {
    const daemon = spawn('dockerd', ['-H', `unix://${dockerSocket()}`, ...flags], {
      // A session of its own: Ctrl-C at the terminal must not take the engine away before the sandboxes are gone.
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
    });
    await new Promise<void>((resolve, reject) => {
      daemon.once('spawn', resolve);
      daemon.once('error', reject);
    });
    daemon.on('error', () => {});
    daemon.unref();
    return (await identify(daemon.pid ?? 0)) ?? { pid: daemon.pid ?? 0, startedAt: 'gone' };
  } finally {
    await file.close();
  }
}

async function answersWhileAlive(daemon: ProcessIdentity): Promise<boolean> {
  const end = Date.now() + START_LIMIT;
  while (Date.now() < end && (await isAlive(daemon))) {
    if ((await pingEngine()) === 'answers') return true;
    await delay(200);
  }
  return false;
}

function lastProblem(log: string): string {
  const line = log.split('\n').findLast((text) => /level=(fatal|error)|failed to/u.test(text)) ?? 'it ended at once';
  return line.replace(/^time="[^"]*" /u, '').slice(0, 300);
}

const Identity = z.object({ pid: z.int().positive(), startedAt: z.string() });
const EngineRecord = z.object({ daemon: Identity, owner: Identity });

async function readRecord(file: string): Promise<z.infer<typeof EngineRecord> | null> {
  const text = await readFile(file, 'utf8').catch(() => 'null');
  try {
    return EngineRecord.parse(JSON.parse(text));
  } catch {
    // Written by half when the machine went down: then nothing of it runs.
    return null;
  }
}
