import type {
  OperationArguments,
  OperationName,
  OperationOutput,
} from '@netpilot/control-plane/contract/operations/catalogue.ts';
import type { Runner } from './runner.ts';

export interface OperationContext {
  readonly router: Runner;
  /** Tells of a step; `percent` is null when nobody knows the whole. */
  progress(stage: string, percent?: number | null): void;
}

export type Handler<N extends OperationName> = (
  input: OperationArguments<N>,
  context: OperationContext,
) => Promise<OperationOutput<N>>;

/** Every operation of the catalogue, for one kind of router. A handler throws OperationFailure when there is no result. */
export type Driver = { readonly [N in OperationName]: Handler<N> };
