import { OperationPackage } from '@netpilot/control-plane/contract/operations/maintenance.ts';
import { isProblem } from '../../api/problem.ts';

/** @returns the packages with which the router could have done it, of those that we install; none for any other error. */
export function offeredPackages(error: unknown): OperationPackage[] {
  if (!isProblem(error, 'operation_needs_package')) return [];
  const { operation } = error.problem;
  if (operation?.code !== 'needs_package') return [];
  return operation.packages.flatMap((name) => OperationPackage.safeParse(name).data ?? []);
}
