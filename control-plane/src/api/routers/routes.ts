import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { PageQuery, pageOf } from '../../../contract/page.ts';
import {
  ConnectionTest,
  Enrolment,
  EnrolmentReport,
  EnrolmentToken,
  HostKeyConfirmation,
  Router,
  RouterChange,
  RouterCreated,
  RouterInput,
} from '../../../contract/routers.ts';
import type { EnrolmentService } from './enrolment.ts';
import type { RouterService } from './service.ts';

const params = z.strictObject({ id: Id });
const tags = ['routers'];
/** A connection test costs a sandbox; an enrolment token is guessed in no number of tries, but nobody needs many. */
const TEST_RATE = { rateLimit: { max: 20, timeWindow: '1 minute' } };
const ENROLMENT_RATE = { rateLimit: { max: 30, timeWindow: '1 minute' } };
/** A form of the enrolment script, in bytes. */
const FORM_LIMIT = 8_192;

/** Routers of the organisations of a person. */
export async function routerRoutes(instance: FastifyInstance, { routers }: { routers: RouterService }): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/routers',
    {
      config: { access: 'router.read' },
      schema: {
        tags,
        querystring: PageQuery.extend({ organisationId: Id.optional() }),
        response: { 200: pageOf(Router) },
      },
    },
    async ({ actor, query }) => routers.list(actor, query),
  );

  app.post(
    '/routers',
    { config: { access: 'router.create' }, schema: { tags, body: RouterInput, response: { 201: RouterCreated } } },
    async ({ actor, body }, reply) => reply.status(201).send(await routers.create(actor, body)),
  );

  app.get(
    '/routers/:id',
    { config: { access: 'router.read' }, schema: { tags, params, response: { 200: Router } } },
    async (request) => routers.get(request.actor, request.params.id),
  );

  app.patch(
    '/routers/:id',
    { config: { access: 'router.change' }, schema: { tags, params, body: RouterChange, response: { 200: Router } } },
    async (request) => routers.change(request.actor, request.params.id, request.body),
  );

  app.delete(
    '/routers/:id',
    { config: { access: 'router.delete' }, schema: { tags, params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await routers.remove(request.actor, request.params.id);
      return reply.status(204).send();
    },
  );

  app.post(
    '/routers/:id/enrolment',
    { config: { access: 'router.change' }, schema: { tags, params, response: { 200: Enrolment } } },
    async (request) => routers.newEnrolment(request.actor, request.params.id),
  );

  app.post(
    '/routers/:id/test',
    { config: { access: 'router.test', ...TEST_RATE }, schema: { tags, params, response: { 200: ConnectionTest } } },
    async (request) => routers.test(request.actor, request.params.id),
  );

  app.post(
    '/routers/:id/host-key',
    {
      config: { access: 'router.confirm_host_key' },
      schema: { tags, params, body: HostKeyConfirmation, response: { 200: Router } },
    },
    async (request) => routers.confirmHostKey(request.actor, request.params.id, request.body.fingerprint),
  );
}

/** What a router's shell asks for with its one-time token; forms, because that is what BusyBox and uclient-fetch can send. */
export async function enrolmentRoutes(
  instance: FastifyInstance,
  { enrolment }: { enrolment: EnrolmentService },
): Promise<void> {
  instance.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_LIMIT },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body.toString()))),
  );
  const app = instance.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/enrolment/script',
    {
      config: { access: 'public', ...ENROLMENT_RATE },
      schema: { tags: ['enrolment'], body: z.strictObject({ token: EnrolmentToken }), response: { 200: z.string() } },
    },
    async ({ body }, reply) => reply.type('text/x-shellscript; charset=utf-8').send(await enrolment.script(body.token)),
  );

  app.post(
    '/enrolment/report',
    {
      config: { access: 'public', ...ENROLMENT_RATE },
      schema: { tags: ['enrolment'], body: EnrolmentReport, response: { 204: z.undefined() } },
    },
    async ({ body }, reply) => {
      await enrolment.accept(body);
      return reply.status(204).send();
    },
  );
}
