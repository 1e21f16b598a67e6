import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { PageQuery, pageOf } from '../../../contract/page.ts';
import {
  ExecInput,
  ExecResult,
  ListedTerminal,
  Session,
  SessionInput,
  TerminalSize,
} from '../../../contract/sessions.ts';
import { presentSession } from './presenter.ts';
import { ProblemError } from '../errors.ts';
import type { SessionReader } from './reader.ts';
import type { SessionService } from './service.ts';
import type { SessionWork } from './session-work.ts';

const OfSession = z.strictObject({ id: Id });
const OfTerminal = z.strictObject({ id: Id, terminalId: z.coerce.number().int().min(1).max(1_000_000) });
const Nothing = z.undefined().describe('no content');
const tags = ['sessions'];

export interface SessionRouteServices {
  readonly sessions: Pick<SessionService, 'start' | 'end'>;
  readonly sessionReader: SessionReader;
  readonly sessionWork: SessionWork;
}

/** Sessions, their terminals and commands, and the list of those that somebody oversees. */
export async function sessionRoutes(instance: FastifyInstance, services: SessionRouteServices): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { sessions, sessionReader, sessionWork } = services;

  app.post(
    '/sessions',
    { config: { access: 'session.start' }, schema: { tags, body: SessionInput, response: { 201: Session } } },
    async ({ actor, body }, reply) =>
      reply.status(201).send(presentSession(await sessions.start(actor, body.routerId), actor)),
  );

  app.get(
    '/sessions',
    {
      config: { access: 'person' },
      schema: {
        tags,
        querystring: PageQuery.extend({ state: z.enum(['active', 'ended']).optional() }),
        response: { 200: pageOf(Session) },
      },
    },
    async ({ actor, query }) => sessionReader.mine(actor, query),
  );

  app.get(
    '/sessions/:id',
    { config: { access: 'session.read' }, schema: { tags, params: OfSession, response: { 200: Session } } },
    async ({ actor, params }) => sessionReader.get(actor, params.id),
  );

  app.delete(
    '/sessions/:id',
    { config: { access: 'session.end' }, schema: { tags, params: OfSession, response: { 200: Session } } },
    async ({ actor, params }) => {
      const session = await sessions.end(actor, params.id);
      if (session !== null) return presentSession(session, actor);
      const past = await sessionReader.past(actor, params.id);
      // To answer with it would say that it is being ended.
      if (past.state !== 'ended') throw new ProblemError('gateway_unavailable', 'The session is not taken over yet.');
      return past;
    },
  );

  app.get(
    '/oversight/sessions',
    {
      config: { access: 'session.oversee' },
      schema: {
        tags,
        querystring: PageQuery.extend({ organisationId: Id.optional() }),
        response: { 200: pageOf(Session) },
      },
    },
    async ({ actor, query }) => sessionReader.overseen(actor, query.organisationId),
  );

  app.post(
    '/sessions/:id/unlock',
    { config: { access: 'session.read' }, schema: { tags, params: OfSession, response: { 200: Session } } },
    async ({ actor, params }) => presentSession(await sessionWork.unlock(actor, params.id), actor),
  );

  app.post(
    '/sessions/:id/exec',
    {
      config: { access: 'session.use' },
      schema: { tags, params: OfSession, body: ExecInput, response: { 200: ExecResult } },
    },
    async ({ actor, params, body }) => sessionWork.exec(actor, params.id, body),
  );

  app.get(
    '/sessions/:id/terminals',
    {
      config: { access: 'session.attach' },
      schema: { tags, params: OfSession, response: { 200: z.strictObject({ items: z.array(ListedTerminal) }) } },
    },
    async ({ actor, params }) => ({ items: await sessionWork.listTerminals(actor, params.id) }),
  );

  app.post(
    '/sessions/:id/terminals',
    {
      config: { access: 'session.use' },
      schema: { tags, params: OfSession, body: TerminalSize, response: { 201: ListedTerminal } },
    },
    async ({ actor, params, body }, reply) =>
      reply.status(201).send(await sessionWork.openTerminal(actor, params.id, body)),
  );

  app.delete(
    '/sessions/:id/terminals/:terminalId',
    { config: { access: 'session.use' }, schema: { tags, params: OfTerminal, response: { 204: Nothing } } },
    async ({ actor, params }, reply) => {
      await sessionWork.deleteTerminal(actor, params.id, params.terminalId);
      return reply.status(204).send();
    },
  );
}
