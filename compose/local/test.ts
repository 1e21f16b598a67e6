import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSessionImage, ensureBaseImage } from '@netpilot/session-image/build.ts';
import { ensureDemoRouterImage } from '../demo-router/image.ts';
import { bundlePrograms } from './bundle.ts';
import { stopCommands } from './command.ts';
import { ensureEngine, type Engine } from './engine.ts';
import { Obstacle, sentenceOf } from './obstacle.ts';
import { preparePlaces, ROOT, stateDirectory } from './places.ts';
import { Progress } from './progress.ts';
import { ensurePackages, requireDiskSpace, requireLinux } from './requirements.ts';
import {
  addCounts,
  countsOf,
  failedFilesOf,
  failuresOf,
  NO_TESTS,
  parseReport,
  type Counts,
  type Report,
} from './test-report.ts';
import { removeDeadContainers, removeDeadDirectories, TEMPORARY_PREFIX } from './test-leftovers.ts';
import { buildWeb } from './web-build.ts';

/**
 * What each project needs, and how many of its files run at once; a run of one prepares no more than that. Tests with real parts mostly wait for
 * something to happen, so two of them share a small machine well.
 */
const PROJECTS = {
  unit: { packages: [], engine: false, web: false, workers: '100%' },
  integration: {
    packages: ['openssh-client', 'openssh-server', 'dropbear-bin', 'iproute2'],
    engine: true,
    web: false,
    workers: '2',
  },
  browser: { packages: ['chromium', 'openssh-client'], engine: true, web: true, workers: '2' },
} as const;
type Project = keyof typeof PROJECTS;
const ALL = Object.keys(PROJECTS) as Project[];

/** Takes `--selectProjects a b` out of the arguments; without it all projects run, in the order of their cost. */
function chosenProjects(args: readonly string[]): { projects: Project[]; rest: string[] } {
  const at = args.indexOf('--selectProjects');
  if (at === -1) return { projects: ALL, rest: [...args] };
  const names = args.slice(at + 1);
  const end = names.findIndex((name) => name.startsWith('-'));
  const chosen = end === -1 ? names : names.slice(0, end);
  const unknown = chosen.filter((name) => !(name in PROJECTS));
  if (chosen.length === 0 || unknown.length > 0) {
    throw new Obstacle(`--selectProjects knows ${ALL.join(', ')}: name one or more of them.`);
  }
  const rest = [...args.slice(0, at), ...(end === -1 ? [] : names.slice(end))];
  return { projects: ALL.filter((project) => chosen.includes(project)), rest };
}

/** All projects together get this long, in milliseconds; what does not end in time has failed. */
const TIME_LIMIT = 26 * 60_000;

/** With more failed files than this something is broken, not unsteady. */
const RUN_AGAIN_AT_MOST = 4;

interface Outcome {
  counts: Counts;
  failures: string[];
  /** Failed at first and passed when run again by themselves. */
  unsteady: string[];
}

class TestRun {
  readonly #deadline = Date.now() + TIME_LIMIT;
  readonly #temporary: string;
  #jest: ReturnType<typeof spawn> | null = null;
  #stopping = false;

  constructor(temporary: string) {
    this.#temporary = temporary;
  }

  /** Ends what runs; {@link TestRun.project} then resolves. */
  stop(): void {
    this.#stopping = true;
    this.#jest?.kill('SIGTERM');
  }

  /**
   * Runs the tests of one project; failures are printed by jest as they happen. In a whole run, a file with real parts that failed
   * is run once more by itself: what passes then is named as unsteady, for somebody to mend, and not as failed.
   */
  async project(project: Project, rest: readonly string[]): Promise<Outcome> {
    const first = await this.#once(project, [`--maxWorkers=${PROJECTS[project].workers}`, ...rest]);
    if (first === null) return this.#noReport(project);
    const { files, others } = failedFilesOf(first);
    const failures = failuresOf(first, ROOT);
    const isWholeRun = rest.length === 0 && PROJECTS[project].engine;
    if (!isWholeRun || files.length === 0 || files.length > RUN_AGAIN_AT_MOST || this.#stopping) {
      return { counts: countsOf(first), failures, unsteady: [] };
    }
    const second = await this.#once(project, ['--runInBand', '--runTestsByPath', ...files]);
    if (second === null) return this.#noReport(project);
    const still = failuresOf(second, ROOT);
    return {
      counts: addCounts(others, countsOf(second)),
      failures: still,
      unsteady: failures.filter((failure) => !still.includes(failure)),
    };
  }

  #noReport(project: Project): Outcome {
    const why = this.#stopping ? 'was stopped' : 'ended without a report';
    return { counts: { passed: 0, failed: 1 }, failures: [`${project}: ${why}`], unsteady: [] };
  }

  async #once(project: Project, rest: readonly string[]): Promise<Report | null> {
    if (this.#stopping) return null;
    const reportFile = join(this.#temporary, `${project}.json`);
    await rm(reportFile, { force: true });
    await this.#run([
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--selectProjects',
      project,
      '--forceExit',
      '--passWithNoTests',
      '--json',
      `--outputFile=${reportFile}`,
      ...rest,
    ]);
    const text = await readFile(reportFile, 'utf8').catch(() => null);
    return text === null ? null : parseReport(text);
  }

  #run(args: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      // With --json jest writes the report to standard output as well: only standard error is for people.
      const jest = spawn(process.execPath, args, {
        cwd: ROOT,
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, TMPDIR: this.#temporary },
      });
      this.#jest = jest;
      const timer = setTimeout(() => jest.kill('SIGKILL'), Math.max(this.#deadline - Date.now(), 1_000));
      jest.once('error', reject);
      jest.once('close', () => {
        clearTimeout(timer);
        this.#jest = null;
        resolve();
      });
    });
  }
}

/** Brings everything about that the projects need. @returns the engine, to be stopped. */
async function prepare(projects: readonly Project[]): Promise<Engine | null> {
  const needs = projects.map((project) => PROJECTS[project]);
  const packages = [...new Set(needs.flatMap((need) => need.packages))];
  const progress = new Progress(4);
  const places = await preparePlaces(stateDirectory());
  await progress.step('Debian packages', async (log) => {
    await requireDiskSpace(places.state);
    await ensurePackages(packages, log);
  });
  const engine = await progress.step('Docker engine', async (log) => {
    if (!needs.some((need) => need.engine)) return null;
    const started = await ensureEngine({ stateDirectory: places.state, log });
    await removeDeadContainers(started.ours);
    return started;
  });
  try {
    await progress.step('Images', async (log) => {
      if (engine === null) return;
      await buildSessionImage({ base: await ensureBaseImage({ log }), log });
      await ensureDemoRouterImage({ log });
    });
    await progress.step('Web application and programs', async (log) => {
      if (needs.some((need) => need.web)) await buildWeb(log);
      if (engine !== null) await bundlePrograms(log);
    });
  } catch (error) {
    await engine?.stop();
    throw error;
  }
  return engine;
}

/** @returns true when something passed and nothing failed. */
async function main(): Promise<boolean> {
  requireLinux();
  const { projects, rest } = chosenProjects(process.argv.slice(3));
  await removeDeadDirectories(new Date());
  const temporary = await mkdtemp(join(tmpdir(), TEMPORARY_PREFIX));
  // The database server runs as another account and has its files below.
  await chmod(temporary, 0o1777);
  const run = new TestRun(temporary);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      run.stop();
      stopCommands();
    });
  }
  let engine: Engine | null = null;
  let counts = NO_TESTS;
  const failures: string[] = [];
  const unsteady: string[] = [];
  try {
    engine = await prepare(projects);
    for (const project of projects) {
      const result = await run.project(project, rest);
      counts = addCounts(counts, result.counts);
      failures.push(...result.failures);
      unsteady.push(...result.unsteady);
    }
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    counts = addCounts(counts, { passed: 0, failed: 1 });
  } finally {
    await engine?.stop();
    await rm(temporary, { recursive: true, force: true });
  }
  for (const name of unsteady) process.stdout.write(`unsteady: ${name}\n`);
  for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
  process.stdout.write(`tests: ${counts.passed} passed, ${counts.failed} failed\n`);
  return counts.failed === 0 && counts.passed > 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`);
  process.exitCode = 1;
}
process.exit();
