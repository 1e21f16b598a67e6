import type { FileExpectation } from '@netpilot/control-plane/contract/files.ts';
import { Problem } from '@netpilot/control-plane/contract/problems.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { ProblemError, UnreachableError } from '../../api/problem.ts';

/** What a worker is to do; a paused job keeps its worker and goes on with what it has. */
export type TransferJob =
  | {
      readonly type: 'upload';
      readonly path: RouterPath;
      readonly file: File;
      readonly expect: FileExpectation;
      /** Of an upload that an earlier page began. */
      readonly uploadId?: string;
    }
  | { readonly type: 'unpack'; readonly path: RouterPath; readonly tar: Blob }
  | {
      readonly type: 'download';
      readonly path: RouterPath;
      /** `archive` for a folder as tar, which cannot be gone on with. */
      readonly what: 'content' | 'archive';
      /** Name of the file in the browser's private storage that it grows in. */
      readonly store: string;
    };

/** Page to worker. */
export type TransferOrder =
  | { readonly type: 'run'; readonly sessionId: string; readonly job: TransferJob }
  | { readonly type: 'pause' }
  /** Stops for good and takes away what is left on the router. */
  | { readonly type: 'give_up' };

/** Worker to page. `moved` counts from the beginning of the file; `total` is null while nobody knows. */
export type TransferNews =
  | { readonly type: 'progress'; readonly moved: number; readonly total: number | null }
  /** The line is away; the worker tries again by itself. */
  | { readonly type: 'waiting' }
  | { readonly type: 'verifying' }
  /** An upload has its place on the router, which this names from now on. */
  | { readonly type: 'begun'; readonly uploadId: string }
  | { readonly type: 'paused' }
  | { readonly type: 'gone' }
  | { readonly type: 'done'; readonly sha256: string | null }
  | { readonly type: 'failed'; readonly failure: Failure };

/** An error as it crosses from the worker. */
export type Failure = { readonly problem: Problem } | { readonly unreachable: true } | { readonly message: string };

/** @returns an error in a form that can be sent. */
export function packFailure(error: unknown): Failure {
  if (error instanceof ProblemError) return { problem: error.problem };
  if (error instanceof UnreachableError) return { unreachable: true };
  return { message: error instanceof Error ? error.message : 'unknown' };
}

/** @returns the error that {@link packFailure} packed. */
export function unpackFailure(failure: Failure): Error {
  if ('problem' in failure) return new ProblemError(Problem.parse(failure.problem));
  return 'unreachable' in failure ? new UnreachableError('no answer') : new Error(failure.message);
}
