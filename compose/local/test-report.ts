import { z } from 'zod';

/** What we read of the report that jest writes with `--json`. */
const Report = z.object({
  numPassedTests: z.int().min(0),
  numFailedTests: z.int().min(0),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});
export type Report = z.infer<typeof Report>;

export interface Counts {
  passed: number;
  failed: number;
}
export const NO_TESTS: Counts = { passed: 0, failed: 0 };

/** @throws Error when `text` is not a report of jest. */
export function parseReport(text: string): Report {
  return Report.parse(JSON.parse(text));
}

/** Tests that passed and failed; a file that could not even be run counts as one failed test. */
export function countsOf(report: Report): Counts {
  const broken = report.testResults.filter(isBroken).length;
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken };
}

export function addCounts(one: Counts, other: Counts): Counts {
  return { passed: one.passed + other.passed, failed: one.failed + other.failed };
}

/** One line for each failed test: the file below `root` and the test's full name. */
export function failuresOf(report: Report, root: string): string[] {
  return report.testResults.flatMap((file) => {
    const path = file.name.startsWith(`${root}/`) ? file.name.slice(root.length + 1) : file.name;
    if (isBroken(file)) return [`${path}: could not be run`];
    return file.assertionResults.filter((test) => test.status === 'failed').map((test) => `${path}: ${test.fullName}`);
  });
}

/** The files in which something failed, and what passed in all the others. */
export function failedFilesOf(report: Report): { files: string[]; others: Counts } {
  const sound = report.testResults.filter((file) => file.status === 'passed');
  const passed = sound.flatMap((file) => file.assertionResults).filter((test) => test.status === 'passed').length;
  const files = report.testResults.filter((file) => file.status !== 'passed').map((file) => file.name);
  return { files, others: { passed, failed: 0 } };
}

function isBroken(file: Report['testResults'][number]): boolean {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
}
