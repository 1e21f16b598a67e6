import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import {
  Lock,
  LockInput,
  OrganisationPolicy,
  OrganisationPolicyChange,
  SessionMessage,
} from '../../../contract/oversight.ts';
import { ListedTerminal, Session } from '../../../contract/sessions.ts';
import type { PersonSockets } from '../events/person-sockets.ts';
import { presentSession } from '../sessions/presenter.ts';
import { From } from '../terminals/routes.ts';
import type { LockService } from './lock-service.ts';
import { lookAt } from './look.ts';
import type { OrganisationPolicies } from './policies.ts';
import type { SessionOversight } from './session-oversight.ts';

const OfThing = z.strictObject({ id: Id });
const OfTerminal = z.strictObject({ id: Id, terminalId: z.coerce.number().int().min(1).max(1_000_000) });
const Nothing = z.undefined().describe('no content');
const tags = ['oversight'];

export interface OversightRouteServices {
  readonly oversight: SessionOversight;
  readonly locks: LockService;
  readonly policies: OrganisationPolicies;
  readonly terminalSockets: PersonSockets;
}

/** What administrators do about sessions of others, locks, and the policy of an organisation. */
export async function oversightRoutes(instance: FastifyInstance, services: OversightRouteServices): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { oversight, locks, policies } = services;

  app.get(
    '/oversight/sessions/:id/terminals',
    {
      config: { access: 'session.watch' },
      schema: { tags, params: OfThing, response: { 200: z.strictObject({ items: z.array(ListedTerminal) }) } },
    },
    async ({ actor, params }) => ({ items: await oversight.terminals(actor, params.id) }),
  );

  app.post(
    '/oversight/sessions/:id/pause',
    { config: { access: 'session.oversee' }, schema: { tags, params: OfThing, response: { 200: Session } } },
    async ({ actor, params }) => presentSession(await oversight.pause(actor, params.id), actor),
  );

  app.post(
    '/oversight/sessions/:id/resume',
    { config: { access: 'session.oversee' }, schema: { tags, params: OfThing, response: { 200: Session } } },
    async ({ actor, params }) => presentSession(await oversight.resume(actor, params.id), actor),
  );

  app.post(
    '/oversight/sessions/:id/message',
    {
      config: { access: 'session.oversee' },
      schema: { tags, params: OfThing, body: SessionMessage, response: { 200: Session } },
    },
    async ({ actor, params, body }) => presentSession(await oversight.say(actor, params.id, body.text), actor),
  );

  for (const look of ['watch', 'join'] as const) {
    app.get(
      `/oversight/sessions/:id/terminals/:terminalId/${look}`,
      { websocket: true, config: { access: `session.${look}` }, schema: { params: OfTerminal, querystring: From } },
      (socket, request) => lookAt(services, socket, request, { ...request.params, ...request.query, look }),
    );
  }

  app.get(
    '/locks',
    {
      config: { access: 'lock.manage' },
      schema: {
        tags,
        querystring: z.strictObject({ organisationId: Id.optional() }),
        response: { 200: z.strictObject({ items: z.array(Lock) }) },
      },
    },
    async ({ actor, query }) => ({ items: await locks.list(actor, query.organisationId) }),
  );

  app.post(
    '/locks',
    { config: { access: 'lock.manage' }, schema: { tags, body: LockInput, response: { 201: Lock } } },
    async ({ actor, body }, reply) => reply.status(201).send(await locks.set(actor, body)),
  );

  app.delete(
    '/locks/:id',
    { config: { access: 'lock.manage' }, schema: { tags, params: OfThing, response: { 204: Nothing } } },
    async ({ actor, params }, reply) => {
      await locks.lift(actor, params.id);
      return reply.status(204).send();
    },
  );

  app.get(
    '/organisations/:id/policy',
    {
      config: { access: 'organisation.read' },
      schema: { tags, params: OfThing, response: { 200: OrganisationPolicy } },
    },
    async ({ actor, params }) => policies.get(actor, params.id),
  );

  app.patch(
    '/organisations/:id/policy',
    {
      config: { access: 'policy.change' },
      schema: { tags, params: OfThing, body: OrganisationPolicyChange, response: { 200: OrganisationPolicy } },
    },
    async ({ actor, params, body }) => policies.change(actor, params.id, body),
  );
}
