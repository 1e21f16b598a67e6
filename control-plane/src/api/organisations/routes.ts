import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { Member, MemberChange, MemberInput, Organisation, OrganisationInput } from '../../../contract/organisations.ts';
import type { OrganisationService } from './service.ts';

const InOrganisation = z.strictObject({ id: Id });
const OfMember = z.strictObject({ id: Id, userId: Id });
const Nothing = z.undefined().describe('no content');
const tags = ['organisations'];

/** Organisations and their members. */
export async function organisationRoutes(
  instance: FastifyInstance,
  services: { organisations: OrganisationService },
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { organisations } = services;

  app.get(
    '/organisations',
    {
      config: { access: 'person' },
      schema: { tags, response: { 200: z.strictObject({ items: z.array(Organisation) }) } },
    },
    async ({ actor }) => ({ items: await organisations.list(actor) }),
  );

  app.post(
    '/organisations',
    { config: { access: 'person' }, schema: { tags, body: OrganisationInput, response: { 201: Organisation } } },
    async ({ actor, body }, reply) => reply.status(201).send(await organisations.create(actor, body.name)),
  );

  app.get(
    '/organisations/:id',
    {
      config: { access: 'organisation.read' },
      schema: { tags, params: InOrganisation, response: { 200: Organisation } },
    },
    async ({ actor, params }) => organisations.get(actor, params.id),
  );

  app.patch(
    '/organisations/:id',
    {
      config: { access: 'organisation.rename' },
      schema: { tags, params: InOrganisation, body: OrganisationInput, response: { 200: Organisation } },
    },
    async ({ actor, params, body }) => organisations.rename(actor, params.id, body.name),
  );

  app.delete(
    '/organisations/:id',
    { config: { access: 'organisation.delete' }, schema: { tags, params: InOrganisation, response: { 204: Nothing } } },
    async ({ actor, params }, reply) => {
      await organisations.remove(actor, params.id);
      return reply.status(204).send();
    },
  );

  app.get(
    '/organisations/:id/members',
    {
      config: { access: 'member.list' },
      schema: { tags, params: InOrganisation, response: { 200: z.strictObject({ items: z.array(Member) }) } },
    },
    async ({ actor, params }) => ({ items: await organisations.members(actor, params.id) }),
  );

  app.post(
    '/organisations/:id/members',
    {
      config: { access: 'member.change' },
      schema: { tags, params: InOrganisation, body: MemberInput, response: { 201: Member } },
    },
    async ({ actor, params, body }, reply) =>
      reply.status(201).send(await organisations.addMember(actor, params.id, body)),
  );

  app.patch(
    '/organisations/:id/members/:userId',
    {
      config: { access: 'member.change' },
      schema: { tags, params: OfMember, body: MemberChange, response: { 200: Member } },
    },
    async ({ actor, params, body }) => organisations.changeMember(actor, params.id, params.userId, body.role),
  );

  app.delete(
    '/organisations/:id/members/:userId',
    { config: { access: 'member.change' }, schema: { tags, params: OfMember, response: { 204: Nothing } } },
    async ({ actor, params }, reply) => {
      await organisations.removeMember(actor, params.id, params.userId);
      return reply.status(204).send();
    },
  );
}
