import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyReply } from 'fastify';

const SCRIPTS = "'self'";
const POLICY = 'content-security-policy';

/**
 * Headers of every answer. Style needs 'unsafe-inline' because the terminal's renderer writes style elements; scripts never do.
 * @param publicUrl with https it also brings HSTS and upgrades what is insecure.
 */
export async function sendSecurityHeaders(app: FastifyInstance, publicUrl: string): Promise<void> {
  const secure = publicUrl.startsWith('https:');
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: [SCRIPTS],
        styleSrc: ["'self'", "'unsafe-inline'"],
        // Pictures from a router are blobs of a type that the page chose.
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'", publicUrl.replace(/^http/u, 'ws')],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
        ...(secure ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
  });
  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
}

/**
 * Lets one page compile WebAssembly, which is what the player of recordings is made of. Its code comes with our own scripts: making
 * JavaScript from text stays forbidden (Content Security Policy 3, section 2.3.1, `'wasm-unsafe-eval'`).
 */
export function allowWebAssembly(reply: FastifyReply): void {
  const policy = String(reply.getHeader(POLICY));
  reply.header(POLICY, policy.replace(`script-src ${SCRIPTS}`, `script-src ${SCRIPTS} 'wasm-unsafe-eval'`));
}
