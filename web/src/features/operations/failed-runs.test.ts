import { expect, test } from '@jest/globals';
import type { OperationRun } from '@netpilot/control-plane/contract/operation-runs.ts';
import { failedJustNow } from './failed-runs.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const ME = 'me';

const run = (operation: string, rest: Partial<OperationRun> = {}): OperationRun => ({
  id: operation,
  organisationId: 'organisation',
  routerId: 'router',
  sessionId: null,
  userId: ME,
  userName: 'Alice',
  operation,
  subject: null,
  state: 'failed',
  ahead: 0,
  progress: null,
  problem: 'operation_needs_package',
  detail: 'It needs more.',
  createdAt: new Date(NOW - 2_000).toISOString(),
  endedAt: new Date(NOW - 1_000).toISOString(),
  ...rest,
});
const told = (...runs: OperationRun[]) => failedJustNow(runs, ME, NOW).map(({ operation }) => operation);

test('jobs and the switch of a device are told of, what says so where it was asked for is not', () => {
  expect(told(run('speedtest.run'), run('access.block'), run('access.mode'))).toEqual([
    'speedtest.run',
    'access.block',
  ]);
});

test.each([
  ['of somebody else', { userId: 'other' }],
  ['that is going on', { state: 'running', endedAt: null }],
  ['that was given up', { state: 'cancelled' }],
  ['of long ago', { endedAt: new Date(NOW - 120_001).toISOString() }],
] satisfies [string, Partial<OperationRun>][])('a run %s is not', (_, rest) => {
  expect(told(run('packages.install', rest))).toEqual([]);
});

test('a failure is over when the same is asked for again, and not when something else is', () => {
  const failed = run('access.block', { subject: 'a' });
  expect(told(run('access.block', { subject: 'a', state: 'done' }), failed)).toEqual([]);
  expect(told(run('access.block', { subject: 'a', state: 'running', endedAt: null }), failed)).toEqual([]);
  expect(told(run('access.block', { subject: 'b', state: 'done' }), failed)).toEqual(['access.block']);
});
