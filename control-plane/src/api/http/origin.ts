import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError } from '../errors.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a browser's request from another site: every unsafe method and every WebSocket that comes with cookies must carry our own
 * Origin, byte for byte (scheme, host, port). A request without an Origin passes only with a bearer token or without any cookie, as
 * programs send it: a browser always sends one there.
 */
export function checkOrigin(app: FastifyInstance, publicUrl: string): void {
  app.addHook('onRequest', async (request) => {
    if (isAllowed(request, publicUrl)) return;
    throw new ProblemError('wrong_origin');
  });
}

function isAllowed(request: FastifyRequest, publicUrl: string): boolean {
  const isUpgrade = request.headers.upgrade !== undefined;
  if (SAFE_METHODS.has(request.method) && !isUpgrade) return true;
  const { origin } = request.headers;
  if (origin !== undefined) return origin === publicUrl;
  return request.headers.cookie === undefined;
}
