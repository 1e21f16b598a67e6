import type { OperationProblem } from '@netpilot/control-plane/contract/operations/operation.ts';
import { printable } from '../ssh/finding.ts';

/** An operation that has no result, with the reason that its caller is told. */
export class OperationFailure extends Error {
  override name = 'OperationFailure';
  readonly problem: OperationProblem;

  constructor(problem: OperationProblem) {
    super(problem.code);
    this.problem = { ...problem, detail: printable(problem.detail, 1_000) };
  }
}

/** This router lacks programs; these packages have them. */
export function needsPackage(detail: string, packages: string[]): OperationFailure {
  return new OperationFailure({ code: 'needs_package', detail, packages });
}

/** The router refused a step. @param said what it wrote, of any kind. */
export function routerSaid(said: string, exitCode: number | null): OperationFailure {
  const detail = printable(said) || 'The router gave no reason.';
  return new OperationFailure({ code: 'router_said', detail, exitCode });
}
