import { expect, test } from '@jest/globals';
import { Problem, PROBLEMS } from '@netpilot/control-plane/contract/problems.ts';
import { ProblemError } from '../../api/problem.ts';
import { offeredPackages } from './offered-packages.ts';

const problem = (code: 'operation_needs_package' | 'operation_unsupported', operation: unknown) =>
  new ProblemError(Problem.parse({ type: 'about:blank', code, ...PROBLEMS[code], operation }));
const needs = (...packages: string[]) => ({ code: 'needs_package', detail: 'It needs more.', packages });

test('what the router lacks is offered, as far as it is ours to install', () => {
  expect(offeredPackages(problem('operation_needs_package', needs('nftables-json')))).toEqual(['nftables-json']);
  expect(offeredPackages(problem('operation_needs_package', needs('luci', 'tc-tiny')))).toEqual(['tc-tiny']);
});

test.each([
  ['no error', null],
  ['an error of no kind', new Error('needs_package')],
  ['a problem that does not name any', problem('operation_needs_package', undefined)],
  ['what no package mends', problem('operation_unsupported', { code: 'unsupported', detail: 'No Wi-Fi.' })],
])('%s offers nothing', (_, error) => expect(offeredPackages(error)).toEqual([]));
