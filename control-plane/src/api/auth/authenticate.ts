import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor } from '../access/actor.ts';
import '../access/route-access.ts';
import { notFound, ProblemError } from '../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { AuthCookies } from './cookies.ts';
import type { LoginSessions } from './login-sessions.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The signed-in person; reading it on a public route is a mistake of ours and throws. */
    actor: Actor;
  }
}

/**
 * Puts the actor on each request of a route that is not public, and keeps a route without `config.access` from being registered.
 * Bearer token (RFC 6750) first, then cookie.
 */
export function authenticateRequests(
  app: FastifyInstance,
  auth: { accessTokens: AccessTokens; cookies: AuthCookies; loginSessions: Pick<LoginSessions, 'actorOf'> },
): void {
  const actors = new WeakMap<FastifyRequest, Actor>();
  app.decorateRequest('actor', {
    getter(this: FastifyRequest) {
      const actor = actors.get(this);
      if (actor === undefined) throw new Error('a public route asked for its actor');
      return actor;
    },
  });
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined)
      throw new Error(`the route ${String(route.method)} ${route.url} does not say who it is for`);
  });
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config;
    if (access === undefined || access === 'public') return;
    const actor = await actorOf(request);
    // The platform's own pages do not exist for anybody else.
    if (access === 'platform' && !actor.platformAdministrator) throw notFound();
    actors.set(request, actor);
  });

  async function actorOf(request: FastifyRequest): Promise<Actor> {
    const token = bearerToken(request.headers.authorization) ?? auth.cookies.accessToken(request);
    const claims = token === undefined ? null : auth.accessTokens.verify(token);
    const actor = claims === null ? null : await auth.loginSessions.actorOf(claims);
    if (actor === null) throw new ProblemError('unauthenticated');
    return actor;
  }
}

function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer ([\w.~+/-]+=*)$/u.exec(header ?? '')?.[1];
}
