import type { FileProblem } from '@netpilot/control-plane/contract/files.ts';
import { PROBLEMS } from '@netpilot/control-plane/contract/problems.ts';
import { ProblemError } from '../../api/problem.ts';

/** @returns the error for what went wrong in the middle of a stream, in the same words as one before it. */
export function fileProblem({ file, detail }: FileProblem): ProblemError {
  const code = `file_${file}` as const;
  return new ProblemError({ type: 'about:blank', ...PROBLEMS[code], code, ...(detail === '' ? {} : { detail }) });
}
