import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { isDatabaseGone } from '@netpilot/db/database.ts';
import type { ProblemCode } from '../../../contract/problems.ts';
import { presentProblem, ProblemError } from '../errors.ts';

/** Errors of Fastify and its plugins by status, as far as a person can meet them. */
const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid_request',
  404: 'not_found',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
};

/** Makes every error of the app an RFC 9457 problem; what is not ours to tell is logged and says only its request id. */
export function answerWithProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(reply, toProblem(error, request), request));
  app.setNotFoundHandler((request, reply) => sendProblem(reply, new ProblemError('not_found'), request));
}

/** @returns the problem that an error is to the outside. */
export function toProblem(error: unknown, request: FastifyRequest): ProblemError {
  if (error instanceof ProblemError) {
    if (error.status >= 500) request.log.warn({ err: error.cause ?? error, code: error.code }, 'request failed');
    return error;
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.slice(0, 20).map((issue) => ({
      path: issue.instancePath.slice(0, 200),
      message: (issue.message ?? 'is not valid').slice(0, 200),
    }));
    return new ProblemError('invalid_request', undefined, { errors });
  }
  if (isDatabaseGone(error)) {
    request.log.warn({ err: error }, 'the database is away');
    return new ProblemError('database_unavailable');
  }
  const status = (error as Partial<FastifyError> | null)?.statusCode;
  const code = status === undefined ? undefined : BY_STATUS[status];
  if (code !== undefined) return new ProblemError(code);
  request.log.error({ err: error }, 'unexpected error');
  return new ProblemError('internal');
}

function sendProblem(reply: FastifyReply, problem: ProblemError, request: FastifyRequest): FastifyReply {
  return reply
    .status(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(presentProblem(problem, request.id)));
}
