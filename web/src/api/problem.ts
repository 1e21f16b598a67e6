import { PROBLEMS, Problem, type ProblemCode } from '@netpilot/control-plane/contract/problems.ts';

/** The api answered, with a problem (RFC 9457). */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
  }
}

/** The api could not be reached, or what came back is not from it; the request may be tried again. */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
}

/** What a page shows about any error. */
export interface Trouble {
  title: string;
  remedy: string;
  detail: string | null;
  requestId: string | null;
}

/** @returns words for `error`; an error of no known kind stays general, its text is the detail. */
export function describeTrouble(error: unknown): Trouble {
  if (error instanceof ProblemError) {
    const { title, remedy, detail, requestId, errors } = error.problem;
    const fields = errors?.map(({ path, message }) => `${path}: ${message}`).join('; ');
    return { title, remedy, detail: detail ?? fields ?? null, requestId: requestId ?? null };
  }
  if (error instanceof UnreachableError) {
    return {
      title: 'The bastion cannot be reached',
      remedy: 'Check your connection; the page tries again by itself.',
      detail: null,
      requestId: null,
    };
  }
  const { title, remedy } = PROBLEMS.internal;
  return { title, remedy, detail: error instanceof Error ? error.message : null, requestId: null };
}

/** @returns true when `error` is the problem `code`. */
export function isProblem(error: unknown, code: ProblemCode): error is ProblemError {
  return error instanceof ProblemError && error.problem.code === code;
}

/**
 * Reads the error that a response carries.
 * @returns a {@link ProblemError}, or an {@link UnreachableError} when something in between answered instead of the api.
 */
export async function readProblem(response: Response): Promise<ProblemError | UnreachableError> {
  const parsed = Problem.safeParse(await response.json().catch(() => null));
  if (parsed.success) return new ProblemError(parsed.data);
  return new UnreachableError(`status ${response.status} without a problem`);
}
