import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { ImportReport, LegacyImportInput } from '../../../contract/legacy-import.ts';
import { OperationAnswer, OperationRun } from '../../../contract/operation-runs.ts';
import { OperationName } from '../../../contract/operations/catalogue.ts';
import { PageQuery, pageOf } from '../../../contract/page.ts';
import { PolicyKind, RouterPolicies } from '../../../contract/router-policies.ts';
import { ProblemError } from '../errors.ts';
import type { LegacyImport } from './legacy-import.ts';
import type { PolicyBook } from './policy-book.ts';
import type { RunBook } from './run-book.ts';
import type { OperationService } from './service.ts';

const OfRouter = z.strictObject({ id: Id });
const OfRun = z.strictObject({ id: Id, runId: Id });
const tags = ['operations'];
/** A configuration of at most 2 MiB of text, written as JSON. */
const BODY_LIMIT = 4_194_304;

export interface OperationRouteServices {
  readonly operations: OperationService;
  readonly runs: RunBook;
  readonly policies: PolicyBook;
  readonly legacyImport: LegacyImport;
}

/** Running operations in a session, and what is kept of them. */
export async function operationRoutes(instance: FastifyInstance, services: OperationRouteServices): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { operations, runs, policies, legacyImport } = services;

  app.post(
    '/sessions/:id/operations/:name',
    {
      config: { access: 'session.use' },
      bodyLimit: BODY_LIMIT,
      schema: {
        tags,
        description: 'The body is the input of the operation; 202 while a job goes on.',
        params: z.strictObject({ id: Id, name: OperationName }),
        querystring: z.strictObject({
          /** The page asks by itself; it keeps no session from ending. */
          watching: z.enum(['true', 'false']).default('false'),
        }),
        body: z.unknown(),
        response: { 200: OperationAnswer, 202: OperationAnswer },
      },
    },
    async (request, reply) => {
      const { actor, params, query, body } = request;
      const answer = await operations.run(actor, params.id, {
        name: params.name,
        input: body,
        watching: query.watching === 'true',
        signal: leaving(reply),
      });
      const goesOn = answer.run !== null && answer.run.endedAt === null;
      return reply.status(goesOn ? 202 : 200).send(answer);
    },
  );

  app.get(
    '/routers/:id/operations',
    {
      config: { access: 'router.observe' },
      schema: { tags, params: OfRouter, querystring: PageQuery, response: { 200: pageOf(OperationRun) } },
    },
    async ({ actor, params, query }) => runs.list(actor, params.id, query),
  );

  app.get(
    '/routers/:id/operations/:runId',
    { config: { access: 'router.observe' }, schema: { tags, params: OfRun, response: { 200: OperationAnswer } } },
    async ({ actor, params }) => runs.get(actor, params.id, params.runId),
  );

  app.delete(
    '/routers/:id/operations/:runId',
    { config: { access: 'router.operate' }, schema: { tags, params: OfRun, response: { 200: OperationAnswer } } },
    async ({ actor, params }) => runs.cancel(actor, params.id, params.runId),
  );

  app.get(
    '/routers/:id/policies',
    { config: { access: 'router.observe' }, schema: { tags, params: OfRouter, response: { 200: RouterPolicies } } },
    async ({ actor, params }) => policies.read(actor, params.id),
  );

  app.post(
    '/routers/:id/policies/:kind/take',
    {
      config: { access: 'router.operate' },
      schema: {
        tags,
        description: 'Takes what the router said for what is wanted.',
        params: z.strictObject({ id: Id, kind: PolicyKind }),
        response: { 200: RouterPolicies },
      },
    },
    async ({ actor, params }) => policies.take(actor, params.id, params.kind),
  );

  app.post(
    '/routers/:id/import',
    {
      config: { access: 'router.configure' },
      bodyLimit: BODY_LIMIT,
      schema: { tags, params: OfRouter, body: LegacyImportInput, response: { 200: ImportReport } },
    },
    async ({ actor, params, body }) => legacyImport.run(actor, params.id, body),
  );
}

/** Aborted when the page that asked has gone before its answer. */
function leaving({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new ProblemError('operation_cancelled'));
  });
  return controller.signal;
}
