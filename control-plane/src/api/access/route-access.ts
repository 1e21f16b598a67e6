import type { Action } from './policy.ts';

/**
 * Who a route is for. Every route says it in its `config`; one that does not keeps the process from starting.
 * `public` needs no sign-in, `person` any signed-in person (the handler touches only their own things), `platform` the platform
 * administrator; an action of the policy is asked for by the handler for the very resource.
 */
export type RouteAccess = 'public' | 'person' | 'platform' | Action;

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
}
