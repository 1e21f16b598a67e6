import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { endProcess, identify, isAlive, startTimeOf } from './processes.ts';

const stat = (name: string, state: string, started: string) =>
  `17 (${name}) ${state} ${Array.from({ length: 18 }, (_, index) => index).join(' ')} ${started} 0 0`;

describe('a process by number and start time', () => {
  test('reads the start time behind any name', () => {
    expect(startTimeOf(stat('node', 'S', '4711'))).toBe('4711');
    expect(startTimeOf(stat(') R 1 2 (x', 'S', '4711'))).toBe('4711');
  });

  test('takes a zombie and a line that is none for gone', () => {
    expect(startTimeOf(stat('node', 'Z', '4711'))).toBeNull();
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes(')')),
        (text) => startTimeOf(text) === null,
      ),
    );
  });

  test('ends one that ignores SIGTERM, and only that one', async () => {
    const script = "process.on('SIGTERM', () => {}); process.stdout.write('up'); setInterval(() => {}, 1000)";
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(child.stdout, 'data');
      const identity = await identify(child.pid ?? 0);
      if (identity === null) throw new Error('the child has no identity');
      await endProcess({ ...identity, startedAt: `${identity.startedAt}0` }, { graceMs: 0 });
      expect(await isAlive(identity)).toBe(true);
      const gone = once(child, 'exit');
      await endProcess(identity, { graceMs: 200 });
      expect((await gone)[1]).toBe('SIGKILL');
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('knows that nothing runs under a number that cannot be', async () => {
    expect(await identify(4_194_305)).toBeNull();
  });
});
