import { describe, expect, test } from '@jest/globals';
import { addCounts, countsOf, failedFilesOf, failuresOf, NO_TESTS, parseReport } from './test-report.ts';

const report = parseReport(
  JSON.stringify({
    numPassedTests: 2,
    numFailedTests: 1,
    extra: 'ignored',
    testResults: [
      {
        name: '/repo/a/one.test.ts',
        status: 'failed',
        assertionResults: [
          { fullName: 'one works', status: 'passed' },
          { fullName: 'one breaks', status: 'failed' },
        ],
      },
      { name: '/repo/b/two.test.ts', status: 'failed', message: 'SyntaxError', assertionResults: [] },
      { name: '/repo/c/three.test.ts', status: 'passed', assertionResults: [{ fullName: 'three', status: 'passed' }] },
    ],
  }),
);

describe('the report of the tests', () => {
  test('counts a file that could not be run as a failure', () => {
    expect(countsOf(report)).toEqual({ passed: 2, failed: 2 });
    expect(addCounts(countsOf(report), NO_TESTS)).toEqual({ passed: 2, failed: 2 });
  });

  test('names what failed', () => {
    expect(failuresOf(report, '/repo')).toEqual(['a/one.test.ts: one breaks', 'b/two.test.ts: could not be run']);
  });

  test('tells the files with a failure from the others', () => {
    expect(failedFilesOf(report)).toEqual({
      files: ['/repo/a/one.test.ts', '/repo/b/two.test.ts'],
      others: { passed: 1, failed: 0 },
    });
  });

  test('refuses what is no report', () => {
    expect(() => parseReport('{}')).toThrow();
    expect(() => parseReport('')).toThrow();
  });
});
