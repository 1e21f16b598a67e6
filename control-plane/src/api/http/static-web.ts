import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { notFound } from '../errors.ts';
import { allowWebAssembly } from './security-headers.ts';

/** The page that plays a recording. */
const PLAYER = /^recordings\/[^/]+\/?$/u;

/**
 * Serves the web application. Files with a hash in their name never change; every other path that a browser asks for as a page gets
 * `index.html`, and nothing below `/api/` ever does.
 */
export async function serveWeb(app: FastifyInstance, directory: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: directory,
    serve: false,
    cacheControl: false,
    dotfiles: 'ignore',
  });
  app.get(
    '/assets/*',
    { config: { access: 'public', rateLimit: false }, schema: { hide: true } },
    async (request, reply) => {
      const name = (request.params as { '*': string })['*'];
      reply.header('cache-control', 'public, max-age=31536000, immutable');
      return reply.sendFile(`assets/${name}`);
    },
  );
  app.get('/*', { config: { access: 'public', rateLimit: false }, schema: { hide: true } }, async (request, reply) => {
    const path = (request.params as { '*': string })['*'];
    if (path === 'api' || path.startsWith('api/')) throw notFound();
    const isFile = /\.[a-z0-9]+$/iu.test(path);
    if (!isFile && !(request.headers.accept ?? '').includes('text/html')) throw notFound();
    if (PLAYER.test(path)) allowWebAssembly(reply);
    reply.header('cache-control', 'no-cache');
    return reply.sendFile(isFile ? path : 'index.html');
  });
}
