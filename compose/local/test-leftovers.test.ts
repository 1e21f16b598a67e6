import { describe, expect, test } from '@jest/globals';
import { deadAmong, parseContainer } from './test-leftovers.ts';

const now = new Date('2026-11-21T13:00:00Z');
const container = (instance: string, state: string, minutes: number) => ({
  id: `${instance}-${state}-${minutes}`,
  instance,
  state,
  createdAt: new Date(now.getTime() - minutes * 60_000),
});

describe('containers of runs that were killed', () => {
  test('leaves a run that may still go on alone, and every installation that runs', () => {
    const alive = [
      container('test-a', 'running', 5),
      container('local-b', 'running', 5_000),
      container('local-c', 'exited', 5),
    ];
    expect(deadAmong(alive, now, false)).toEqual([]);
  });

  test('takes tests that are older than any run', () => {
    const old = container('gwtest-a', 'running', 60);
    expect(deadAmong([old, container('local-b', 'exited', 60)], now, false)).toHaveLength(2);
  });

  test('takes every test on an engine that has just started', () => {
    expect(deadAmong([container('test-a', 'exited', 1), container('test-b', 'running', 1)], now, true)).toHaveLength(2);
  });

  test('reads the listing of docker', () => {
    expect(parseContainer('0a\ttest-a\texited\t2026-11-21 12:08:53 +0000 UTC')).toEqual([
      { id: '0a', instance: 'test-a', state: 'exited', createdAt: new Date('2026-11-21T12:08:53Z') },
    ]);
    expect(parseContainer('')).toEqual([]);
  });
});
