import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from '@netpilot/db/database.ts';
import { notFound } from '../errors.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';

export interface HealthServices {
  readonly database: Pick<Database, 'healthy'>;
  readonly gateway: Pick<GatewayClient, 'call' | 'connected'>;
  readonly metrics: Registry;
  /** Who may read the metrics from elsewhere; without one only this machine may. */
  readonly metricsToken: string | null;
}

/** Registers what the process measures of itself; labels are few and hold no ids. */
export function createMetrics(liveSessions: () => number): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const live = new Gauge({
    name: 'netpilot_sessions_live',
    help: 'Sessions this process holds a link to',
    registers: [],
    collect() {
      this.set(liveSessions());
    },
  });
  registry.registerMetric(live);
  return registry;
}

/** Measures every request by route pattern, so that ids never become labels. */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const duration = new Histogram({
    name: 'netpilot_http_request_seconds',
    help: 'Time to answer a request, by route and status class',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    duration.observe(
      { method: request.method, route, status: `${Math.floor(reply.statusCode / 100)}xx` },
      reply.elapsedTime / 1000,
    );
  });
}

/** Liveness, readiness and metrics. */
export async function healthRoutes(app: FastifyInstance, services: HealthServices): Promise<void> {
  app.get(
    '/health/live',
    { config: { access: 'public', rateLimit: false }, schema: { tags: ['health'] } },
    async () => ({ status: 'ok' }),
  );

  app.get('/health/ready', { config: { access: 'public' }, schema: { tags: ['health'] } }, async (_request, reply) => {
    const [database, gateway] = await Promise.all([
      services.database.healthy(),
      services.gateway.call({ verb: 'health' }).catch(() => null),
    ]);
    const parts = {
      database,
      // Without the stream no session is started, however well the gateway answers.
      gateway: services.gateway.connected && gateway !== null && gateway.database && gateway.tunnelServer,
      engine: gateway?.engine ?? false,
    };
    const ready = Object.values(parts).every(Boolean);
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable', parts });
  });

  app.get('/metrics', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
    if (
      !mayReadMetrics(
        request.headers.authorization,
        request.socket.remoteAddress,
        request.headers,
        services.metricsToken,
      )
    )
      throw notFound();
    return reply.type(services.metrics.contentType).send(await services.metrics.metrics());
  });
}

function mayReadMetrics(
  authorization: string | undefined,
  address: string | undefined,
  headers: Readonly<Record<string, unknown>>,
  token: string | null,
): boolean {
  if (token !== null) {
    const given = Buffer.from(authorization ?? '');
    const wanted = Buffer.from(`Bearer ${token}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
  // A reverse proxy on this machine forwards for others; only a direct request from here counts.
  const forwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  return !forwarded && (address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1');
}
