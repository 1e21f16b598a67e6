import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body may take as long as it flows; only a pause of the deadline's length cuts it. */
    longBody?: true;
  }
}

/**
 * Cuts senders whose body does not come (CWE-400). Node's own `requestTimeout` knows one time for all requests, under which nobody on a
 * slow line could send a large file: so it is off, and a body gets `deadlineMs` here, or may take its time while bytes come.
 */
export function limitBodies(app: FastifyInstance, deadlineMs: number): void {
  app.addHook('onRequest', async (request) => {
    if (!hasBody(request)) return;
    const { raw, routeOptions } = request;
    if (routeOptions.config.longBody === true) {
      raw.socket.setTimeout(deadlineMs);
      return;
    }
    const timer = setTimeout(() => {
      if (!raw.complete) raw.destroy();
    }, deadlineMs);
    raw.once('close', () => clearTimeout(timer));
  });
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
