import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Obstacle } from './obstacle.ts';
import { isAlive } from './processes.ts';
import { Service } from './service.ts';

let directory: string;
const never = new AbortController().signal;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'service-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const start = (script: string, onLost: (problem: Obstacle) => void) =>
  Service.start({
    name: 'probe',
    args: ['-e', script],
    env: { GREETING: 'hi' },
    logFile: join(directory, 'probe.log'),
    onLost,
  });

describe('a child process of the launcher', () => {
  test('has only the environment it is given, writes to its log and ends when asked', async () => {
    const lost: Obstacle[] = [];
    const script = 'console.log(process.env.GREETING, process.env.HOME === undefined); setInterval(() => {}, 1000)';
    const service = await start(script, (problem) => lost.push(problem));
    await service.ready(async () => (await readFile(join(directory, 'probe.log'), 'utf8')) === 'hi true\n', never);
    await service.stop();
    expect(await isAlive(service.identity)).toBe(false);
    expect(lost).toEqual([]);
  });

  test('that ends by itself is told of, with its last words and where its log is', async () => {
    const problem = await new Promise<Obstacle>((resolve) => {
      void start("console.error('no room'); process.exit(3)", resolve);
    });
    expect(problem.message).toMatch(/^The probe ended with code 3 \(no room.*probe\.log\.$/u);
  });

  test('that ends before it is ready ends the waiting', async () => {
    const service = await start('process.exit(1)', () => {});
    await expect(service.ready(async () => false, never)).rejects.toThrow(Obstacle);
  });
});
