import type { OperationProblem } from '../../../contract/operations/operation.ts';
import type { ProblemCode } from '../../../contract/problems.ts';
import { ProblemError } from '../errors.ts';
import { OperationError } from '../sandbox-link/operations.ts';

const CODES: Readonly<Record<OperationProblem['code'], ProblemCode>> = {
  unsupported: 'operation_unsupported',
  needs_package: 'operation_needs_package',
  conflict: 'operation_conflict',
  busy: 'router_busy',
  rolled_back: 'operation_rolled_back',
  protected_device: 'device_protected',
  invalid_value: 'invalid_request',
  not_found: 'operation_conflict',
  router_said: 'operation_refused',
  connection_lost: 'router_connection_lost',
  timed_out: 'operation_timeout',
};

/** @returns the problem that an operation ended with, to the outside; anything that is not the router's doing as it is. */
export function problemOfOperation(error: unknown): unknown {
  if (!(error instanceof OperationError)) return error;
  const { problem } = error;
  return new ProblemError(CODES[problem.code], problem.detail === '' ? undefined : problem.detail, {
    cause: error,
    operation: problem,
  });
}
