import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { LoginSession, Me } from '../../../contract/people.ts';
import type { Actor } from '../access/actor.ts';
import { ProblemError } from '../errors.ts';
import type { OrganisationService } from '../organisations/service.ts';
import { ACCESS_TOKEN_SECONDS, type AccessTokens } from './access-tokens.ts';
import type { AuthCookies } from './cookies.ts';
import type { LoginSessions } from './login-sessions.ts';
import type { OidcSignIn } from './oidc.ts';

export interface AuthServices {
  readonly oidc: OidcSignIn;
  readonly cookies: AuthCookies;
  readonly accessTokens: AccessTokens;
  readonly loginSessions: LoginSessions;
  readonly organisations: Pick<OrganisationService, 'namesOf'>;
  readonly sessionsPerUser: number;
}

/** Attempts a minute and address for everything that anybody may call without being signed in. */
const PUBLIC_RATE = { rateLimit: { max: 60, timeWindow: '1 minute' } };
const Nothing = z.undefined().describe('no content');

/** Sign-in, its refresh and its end, and `GET /me`. */
export async function authRoutes(instance: FastifyInstance, services: AuthServices): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { oidc, cookies, loginSessions } = services;

  app.get(
    '/auth/sign-in',
    {
      config: { access: 'public', ...PUBLIC_RATE },
      schema: { querystring: z.object({ return_to: z.string().max(500).optional() }), tags: ['sign-in'] },
    },
    async (request, reply) => {
      const { location, attempt } = await oidc.begin(request.query.return_to);
      cookies.setAttempt(reply, attempt);
      return reply.redirect(location);
    },
  );

  app.get(
    '/auth/sign-in-again',
    {
      config: { access: 'person', ...PUBLIC_RATE },
      schema: { querystring: z.object({ return_to: z.string().max(500).optional() }), tags: ['sign-in'] },
    },
    async ({ actor, query }, reply) => {
      const { location, attempt } = await oidc.begin(query.return_to, actor.loginSessionId);
      cookies.setAttempt(reply, attempt);
      return reply.redirect(location);
    },
  );

  app.get(
    '/auth/callback',
    { config: { access: 'public', ...PUBLIC_RATE }, schema: { tags: ['sign-in'] } },
    async (request, reply) => {
      cookies.clearAttempt(reply);
      try {
        const { identity, returnTo, loginSessionId } = await oidc.complete(queryOf(request), cookies.attempt(request));
        if (loginSessionId === null) cookies.setTokens(reply, await loginSessions.signIn(identity, deviceOf(request)));
        else await loginSessions.signInAgain(identity, loginSessionId);
        return await reply.redirect(returnTo);
      } catch (error) {
        // A person stands here with a browser: the sign-in page tells them, the log keeps the cause.
        if (!(error instanceof ProblemError)) throw error;
        request.log.warn({ err: error.cause ?? error, code: error.code }, 'a sign-in failed');
        return backToSignIn(reply, error);
      }
    },
  );

  app.post(
    '/auth/refresh',
    { config: { access: 'public', ...PUBLIC_RATE }, schema: { response: { 204: Nothing }, tags: ['sign-in'] } },
    async (request, reply) => {
      const token = cookies.refreshToken(request);
      if (token === undefined) throw new ProblemError('unauthenticated');
      try {
        cookies.setTokens(reply, await loginSessions.refresh(token));
      } catch (error) {
        if (error instanceof ProblemError && error.code === 'unauthenticated') cookies.clearTokens(reply);
        throw error;
      }
      return reply.status(204).send();
    },
  );

  app.post(
    '/auth/sign-out',
    { config: { access: 'person' }, schema: { response: { 204: Nothing }, tags: ['sign-in'] } },
    async (request, reply) => {
      await loginSessions.signOut(request.actor);
      cookies.clearTokens(reply);
      return reply.status(204).send();
    },
  );

  app.post(
    '/auth/tokens',
    {
      config: { access: 'person' },
      schema: {
        response: { 200: z.strictObject({ accessToken: z.string(), expiresInSeconds: z.int() }) },
        tags: ['sign-in'],
      },
    },
    async ({ actor }) => ({ accessToken: services.accessTokens.issue(actor), expiresInSeconds: ACCESS_TOKEN_SECONDS }),
  );

  app.get(
    '/auth/sessions',
    {
      config: { access: 'person' },
      schema: { response: { 200: z.strictObject({ items: z.array(LoginSession) }) }, tags: ['sign-in'] },
    },
    async ({ actor }) => {
      const rows = await loginSessions.list(actor);
      return {
        items: rows.map((row) => ({
          id: row.id,
          createdAt: row.createdAt.toISOString(),
          lastUsedAt: row.lastUsedAt.toISOString(),
          userAgent: row.userAgent,
          address: row.address,
          current: row.id === actor.loginSessionId,
        })),
      };
    },
  );

  app.delete(
    '/auth/sessions/:id',
    {
      config: { access: 'person' },
      schema: { params: z.strictObject({ id: Id }), response: { 204: Nothing }, tags: ['sign-in'] },
    },
    async (request, reply) => {
      await loginSessions.revoke(request.actor, request.params.id);
      return reply.status(204).send();
    },
  );

  app.delete(
    '/auth/sessions',
    { config: { access: 'person' }, schema: { response: { 204: Nothing }, tags: ['sign-in'] } },
    async (request, reply) => {
      await loginSessions.revokeOthers(request.actor);
      return reply.status(204).send();
    },
  );

  app.get(
    '/me',
    { config: { access: 'person' }, schema: { response: { 200: Me }, tags: ['sign-in'] } },
    async ({ actor }) => presentMe(actor, await services.organisations.namesOf(actor), services.sessionsPerUser),
  );
}

function presentMe(actor: Actor, names: ReadonlyMap<string, string>, sessionsPerUser: number): Me {
  return {
    id: actor.userId,
    name: actor.name,
    email: actor.email,
    platformAdministrator: actor.platformAdministrator,
    loginSessionId: actor.loginSessionId,
    memberships: actor.memberships.map(({ organisationId, role }) => ({
      organisationId,
      organisationName: names.get(organisationId) ?? '',
      role,
    })),
    limits: { sessionsPerUser },
  };
}

function queryOf(request: FastifyRequest): string {
  const at = request.url.indexOf('?');
  return at === -1 ? '' : request.url.slice(at);
}

function deviceOf(request: FastifyRequest): { userAgent: string | null; address: string | null } {
  return { userAgent: request.headers['user-agent'] ?? null, address: request.ip };
}

function backToSignIn(reply: FastifyReply, error: ProblemError): FastifyReply {
  return reply.redirect(`/sign-in?problem=${error.code}`);
}
