import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { z } from 'zod';
import { AgentProblem, MAX_AGENT_LINE } from '../../../contract/agent.ts';
import { FileProblem } from '../../../contract/files.ts';
import type { ProblemCode } from '../../../contract/problems.ts';
import { ProblemError } from '../errors.ts';

const PROBLEM_CODES: Record<Exclude<AgentProblem['code'], 'file_failed'>, ProblemCode> = {
  invalid_request: 'invalid_request',
  not_found: 'not_found',
  not_connected: 'session_not_live',
  too_many_terminals: 'too_many_terminals',
  router_refused: 'router_refused',
  exec_timeout: 'exec_timeout',
  internal: 'sandbox_failed',
};

export interface AgentRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** The request is given up after this long. */
  readonly timeoutMs?: number;
  /** Bound of the answer in bytes; {@link MAX_AGENT_LINE} unless the answer carries a command's output. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 20_000;

/** Opens a stream whose both directions the caller uses. */
export function openStream(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  return session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/octet-stream' });
}

/**
 * One request with a JSON body and a JSON answer.
 * @throws ProblemError with the agent's problem, `sandbox_failed` when the link breaks or the agent breaks the contract.
 */
export async function requestJson<T extends z.ZodType>(
  session: ClientHttp2Session,
  request: AgentRequest,
  schema: T,
): Promise<z.infer<T>> {
  const { status, body } = await exchange(session, request);
  if (status >= 400) throw problemOf(body);
  const parsed = schema.safeParse(parse(body));
  if (!parsed.success) throw new ProblemError('sandbox_failed', undefined, { cause: parsed.error });
  return parsed.data;
}

/** One request whose answer has no body; errors as in {@link requestJson}. */
export async function requestNothing(session: ClientHttp2Session, request: AgentRequest): Promise<void> {
  const { status, body } = await exchange(session, request);
  if (status >= 400) throw problemOf(body);
}

/**
 * @returns the error that an agent's problem body stands for. The agent's own words stay in the cause, for the log; only what a router
 * said of a file is told on, which the agent made printable.
 */
export function problemOf(body: Buffer): ProblemError {
  const problem = AgentProblem.safeParse(parse(body));
  if (!problem.success) return new ProblemError('sandbox_failed', undefined, { cause: problem.error });
  const { code, detail, file } = problem.data;
  const cause = new Error(`agent: ${code}: ${detail}`);
  if (code !== 'file_failed') return new ProblemError(PROBLEM_CODES[code], undefined, { cause });
  const words = FileProblem.safeParse({ file, detail });
  return words.success ? fileProblem(words.data, cause) : new ProblemError('sandbox_failed', undefined, { cause });
}

/** @returns the error that stands for what is wrong with a file. */
export function fileProblem({ file, detail }: FileProblem, cause?: unknown): ProblemError {
  return new ProblemError(`file_${file}`, detail === '' ? undefined : detail, { cause });
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function exchange(session: ClientHttp2Session, request: AgentRequest): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(
        {
          ':method': request.method,
          ':path': request.path,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        { endStream: body === undefined, ...(request.signal === undefined ? {} : { signal: request.signal }) },
      );
    } catch (cause) {
      // A session that is closing takes no more streams.
      return reject(new ProblemError('sandbox_failed', undefined, { cause }));
    }
    const fail = (cause: unknown) => {
      clearTimeout(timer);
      reject(new ProblemError('sandbox_failed', undefined, { cause }));
      if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
    };
    const timer = setTimeout(() => fail(new Error('no answer in time')), request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const maxBytes = request.maxBytes ?? MAX_AGENT_LINE;
    const parts: Buffer[] = [];
    let status = 0;
    let length = 0;
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('data', (part: Buffer) => {
      length += part.length;
      if (length > maxBytes) fail(new Error('an answer over its bound'));
      else parts.push(part);
    });
    stream.on('error', fail);
    stream.on('end', () => {
      clearTimeout(timer);
      if (status === 0) fail(new Error('the link broke'));
      else resolve({ status, body: Buffer.concat(parts) });
    });
    stream.on('close', () => fail(new Error('the link broke')));
    if (body !== undefined) stream.end(body);
  });
}
