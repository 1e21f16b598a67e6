import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { PageQuery, pageOf } from '../../../contract/page.ts';
import { User, UserChange } from '../../../contract/people.ts';
import type { UserService } from './service.ts';

const params = z.strictObject({ id: Id });
const tags = ['platform'];

/** People as the platform administrator manages them. */
export async function userRoutes(instance: FastifyInstance, { users }: { users: UserService }): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/users',
    { config: { access: 'platform' }, schema: { tags, querystring: PageQuery, response: { 200: pageOf(User) } } },
    async ({ query }) => users.list(query),
  );

  app.patch(
    '/users/:id',
    { config: { access: 'platform' }, schema: { tags, params, body: UserChange, response: { 200: User } } },
    async (request) => users.setDisabled(request.actor, request.params.id, request.body.disabled),
  );

  app.post(
    '/users/:id/revoke',
    { config: { access: 'platform' }, schema: { tags, params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      await users.revoke(request.actor, request.params.id);
      return reply.status(204).send();
    },
  );
}
