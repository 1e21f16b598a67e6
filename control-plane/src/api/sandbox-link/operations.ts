import { type ClientHttp2Session, constants } from 'node:http2';
import { AGENT_PATHS } from '../../../contract/agent.ts';
import {
  OPERATIONS,
  type OperationInput,
  type OperationName,
  type OperationOutput,
} from '../../../contract/operations/catalogue.ts';
import {
  MAX_OPERATION_LINE,
  OperationLine,
  type OperationProblem,
  type OperationProgress,
} from '../../../contract/operations/operation.ts';
import { ProblemError } from '../errors.ts';
import { LineReader } from '../gateway-client/line-reader.ts';
import { problemOf } from './agent-request.ts';

/** Milliseconds more than the operation's own time-out, which the agent keeps. */
const GRACE_MS = 15_000;
/** Bound of a problem body in bytes. */
const MAX_PROBLEM = 4_096;

/** The operation came to the router, or to its connection, and has no result. */
export class OperationError extends Error {
  override name = 'OperationError';
  readonly problem: OperationProblem;

  constructor(problem: OperationProblem) {
    super(`operation: ${problem.code}`);
    this.problem = problem;
  }
}

export interface OperationAnswer<N extends OperationName> {
  readonly output: OperationOutput<N>;
  /** How often the agent went to the router and back. */
  readonly roundTrips: number;
  readonly milliseconds: number;
}

export interface OperationOptions {
  readonly onProgress?: (progress: OperationProgress) => void;
  /** Gives up waiting, and ends what still runs on the router; a change that is under way is decided by the router. */
  readonly signal?: AbortSignal;
}

/**
 * Runs one operation of the catalogue on the router.
 * @throws OperationError with what the router made of it.
 * @throws ProblemError `invalid_request`, `session_not_live`; `sandbox_failed` when the link breaks or the agent breaks the contract.
 */
export function runOperation<N extends OperationName>(
  session: ClientHttp2Session,
  name: N,
  input: OperationInput<N>,
  { onProgress, signal }: OperationOptions = {},
): Promise<OperationAnswer<N>> {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ':method': 'POST', ':path': `${AGENT_PATHS.operations}/${name}`, 'content-type': 'application/json' },
      signal === undefined ? {} : { signal },
    );
    const settle = (action: () => void) => {
      clearTimeout(timer);
      action();
      if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
    };
    const fail = (cause: unknown) =>
      settle(() =>
        reject(cause instanceof ProblemError ? cause : new ProblemError('sandbox_failed', undefined, { cause })),
      );
    const timeoutMs = OPERATIONS[name].timeoutSeconds * 1_000 + GRACE_MS;
    const timer = setTimeout(() => fail(new Error('no answer in time')), timeoutMs);
    const take = (text: string) => {
      const line = OperationLine.parse(JSON.parse(text));
      if (line.type === 'progress') return onProgress?.(line);
      if (line.type === 'problem') return settle(() => reject(new OperationError(line.problem)));
      const output = OPERATIONS[name].output.parse(line.output) as OperationOutput<N>;
      settle(() => resolve({ output, roundTrips: line.roundTrips, milliseconds: line.milliseconds }));
    };
    const lines = new LineReader(MAX_OPERATION_LINE);
    const refusal: Buffer[] = [];
    let refusalLength = 0;
    let status = 0;
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => {
      if (status !== 200) {
        refusalLength += chunk.length;
        if (refusalLength <= MAX_PROBLEM) refusal.push(chunk);
        return;
      }
      try {
        for (const line of lines.push(chunk)) take(line);
      } catch (error) {
        fail(error);
      }
    });
    stream.on('error', fail);
    stream.on('end', () =>
      fail(status >= 400 ? problemOf(Buffer.concat(refusal)) : new Error('the answer ended without a result')),
    );
    stream.on('close', () => fail(new Error('the link broke')));
    stream.end(JSON.stringify(input));
  });
}
