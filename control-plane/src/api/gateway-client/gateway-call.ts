import { request } from 'node:http';
import {
  GATEWAY_ANSWERS,
  GATEWAY_PATHS,
  type GatewayAnswer,
  type GatewayCall,
  GatewayProblem,
} from '../../../contract/gateway.ts';
import type { ProblemCode } from '../../../contract/problems.ts';
import { ProblemError } from '../errors.ts';

/** Bound of an answer or of one line of events, in bytes: ten thousand sessions and tunnels fit. */
export const MAX_GATEWAY_ANSWER = 16_777_216;
/** `end_session` answers when the container is gone; nothing takes longer. */
const CALL_TIMEOUT_MS = 60_000;

const PROBLEM_CODES: Record<GatewayProblem['code'], ProblemCode> = {
  invalid_call: 'internal',
  unknown_router: 'not_found',
  ports_exhausted: 'ports_exhausted',
  engine_unavailable: 'gateway_unavailable',
  too_many_waiting: 'too_many_sessions',
  internal: 'internal',
};

export type CallOf<V extends GatewayCall['verb']> = Extract<GatewayCall, { verb: V }>;

/**
 * One verb, one connection: a kept connection would fail the first call after every restart of the gateway.
 * @throws ProblemError `gateway_unavailable` when the gateway does not answer, or answers what is not in the contract.
 */
export async function callGateway<V extends GatewayCall['verb']>(
  socketPath: string,
  call: CallOf<V>,
  signal: AbortSignal,
): Promise<GatewayAnswer<V>> {
  const { status, body } = await post(socketPath, JSON.stringify(call), signal);
  const value = parseJson(body);
  if (status === 200) {
    const answer = GATEWAY_ANSWERS[call.verb].safeParse(value);
    if (answer.success) return answer.data as GatewayAnswer<V>;
    throw new ProblemError('gateway_unavailable', undefined, { cause: answer.error });
  }
  const problem = GatewayProblem.safeParse(value);
  if (!problem.success) throw new ProblemError('gateway_unavailable', undefined, { cause: problem.error });
  const { code, detail } = problem.data;
  throw new ProblemError(PROBLEM_CODES[code], undefined, { cause: new Error(`gateway: ${code}: ${detail}`) });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new ProblemError('gateway_unavailable', undefined, { cause });
  }
}

function post(socketPath: string, body: string, signal: AbortSignal): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => {
      outgoing.destroy();
      reject(new ProblemError('gateway_unavailable', undefined, { cause }));
    };
    const outgoing = request({
      socketPath,
      path: GATEWAY_PATHS.call,
      method: 'POST',
      agent: false,
      signal,
      timeout: CALL_TIMEOUT_MS,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    outgoing.on('timeout', () => fail(new Error('no answer in time')));
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      const parts: Buffer[] = [];
      let length = 0;
      incoming.on('data', (part: Buffer) => {
        length += part.length;
        if (length > MAX_GATEWAY_ANSWER) fail(new Error('an answer over its bound'));
        else parts.push(part);
      });
      incoming.on('error', fail);
      incoming.on('aborted', () => fail(new Error('the answer was cut')));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(parts) }));
    });
    outgoing.end(body);
  });
}
