import { PROBLEMS, type Problem, type ProblemCode } from '../../contract/problems.ts';

/**
 * The one error that handlers throw on purpose: a code of the problem table and, where it helps, one sentence of detail for the person.
 * The detail must never hold a secret or another tenant's data.
 */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly errors: Problem['errors'];
  readonly operation: Problem['operation'];

  constructor(
    code: ProblemCode,
    detail?: string,
    options: { cause?: unknown; errors?: Problem['errors']; operation?: Problem['operation'] } = {},
  ) {
    super(detail ?? PROBLEMS[code].title, { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.errors = options.errors;
    this.operation = options.operation;
  }

  /** HTTP status of the code. */
  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** @returns the RFC 9457 body of an error. */
export function presentProblem(error: ProblemError, requestId?: string): Problem {
  const { status, title, remedy } = PROBLEMS[error.code];
  return {
    type: `https://netpilot.invalid/problems/${error.code}`,
    title,
    status,
    code: error.code,
    remedy,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.errors === undefined ? {} : { errors: error.errors }),
    ...(error.operation === undefined ? {} : { operation: error.operation }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** Says the same for an id that does not exist and for one that belongs to somebody else. */
export function notFound(): ProblemError {
  return new ProblemError('not_found');
}
