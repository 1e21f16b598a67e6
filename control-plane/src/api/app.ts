import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { MAX_FRAME } from '../../contract/terminal-frames.ts';
import { auditRoutes } from './audit/routes.ts';
import { authenticateRequests } from './auth/authenticate.ts';
import { authRoutes } from './auth/routes.ts';
import { deviceRoutes } from './devices/routes.ts';
import { eventRoutes } from './events/routes.ts';
import { ProblemError } from './errors.ts';
import { fileRoutes } from './files/files.ts';
import { healthRoutes, measureRequests } from './http/health.ts';
import { limitBodies } from './http/body-deadline.ts';
import { describeApi, openApiRoutes } from './http/openapi.ts';
import { checkOrigin } from './http/origin.ts';
import { answerWithProblems } from './http/problems.ts';
import { sendSecurityHeaders } from './http/security-headers.ts';
import { serveWeb } from './http/static-web.ts';
import { operationRoutes } from './operations/routes.ts';
import { organisationRoutes } from './organisations/routes.ts';
import { recordingRoutes } from './recordings/routes.ts';
import { oversightRoutes } from './oversight/routes.ts';
import { enrolmentRoutes, routerRoutes } from './routers/routes.ts';
import type { Services } from './services.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { terminalRoutes } from './terminals/routes.ts';
import { userRoutes } from './users/routes.ts';

/** No JSON body of ours is larger, in bytes. */
const BODY_LIMIT = 262_144;
/** A body must have come within this, in milliseconds; a file's must not pause for longer. */
const BODY_MS = 60_000;
/** A request's headers must have come within this, in milliseconds. */
const HEADERS_MS = 15_000;

/**
 * The HTTP side of the api, not yet listening. Read top to bottom it is the way of a request: headers, cookies, rate, Origin, who, what.
 */
export async function createApp(services: Services): Promise<FastifyInstance> {
  const { config } = services;
  const app = Fastify({
    loggerInstance: services.log as FastifyBaseLogger,
    bodyLimit: BODY_LIMIT,
    trustProxy: config.trustProxy.length === 0 ? false : [...config.trustProxy],
    genReqId: () => crypto.randomUUID(),
    // Bodies have a deadline of their own: a large file may take its time.
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: true,
    // Node looks for slow senders every 30 s by itself.
    http: { connectionsCheckingInterval: HEADERS_MS / 3 },
  });
  // Slow senders of headers are cut long before they can hold all sockets (CWE-400).
  app.server.headersTimeout = HEADERS_MS;
  app.server.maxConnections = 10_000;

  answerWithProblems(app);
  limitBodies(app, BODY_MS);
  measureRequests(app, services.metrics);
  await sendSecurityHeaders(app, config.publicUrl);
  await app.register(cookie);
  await app.register(rateLimit, {
    max: config.requestsPerMinute,
    timeWindow: '1 minute',
    cache: 20_000,
    keyGenerator: (request) => request.ip ?? 'none',
    errorResponseBuilder: () => new ProblemError('too_many_requests'),
  });
  await app.register(websocket, { options: { maxPayload: MAX_FRAME, perMessageDeflate: false } });
  checkOrigin(app, config.publicUrl);
  authenticateRequests(app, services);

  await app.register(
    async (api) => {
      await describeApi(api, config.publicUrl);
      await authRoutes(api, { ...services, sessionsPerUser: config.sessionsPerUser });
      await organisationRoutes(api, services);
      await auditRoutes(api, services);
      await userRoutes(api, services);
      await routerRoutes(api, services);
      await api.register(async (forms) => enrolmentRoutes(forms, services));
      await sessionRoutes(api, services);
      await terminalRoutes(api, services);
      await oversightRoutes(api, services);
      await fileRoutes(api, services);
      await deviceRoutes(api, services.network);
      await operationRoutes(api, services.network);
      await recordingRoutes(api, services);
      await eventRoutes(api, services);
      await healthRoutes(api, { ...services, metricsToken: config.metricsToken });
      await openApiRoutes(api);
    },
    { prefix: '/api/v1' },
  );
  if (config.webDirectory !== null) await serveWeb(app, config.webDirectory);
  return app;
}
