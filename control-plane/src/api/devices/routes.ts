import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Device, DeviceChange, DeviceList, SpeedTest } from '../../../contract/devices.ts';
import { Id } from '../../../contract/identifiers.ts';
import { Mac } from '../../../contract/operations/values.ts';
import { PageQuery, pageOf } from '../../../contract/page.ts';
import { UsageHistory, UsageQuery } from '../../../contract/usage-history.ts';
import type { DeviceBook } from './device-book.ts';
import type { SpeedTestBook } from './speed-test-book.ts';
import type { UsageBook } from './usage-book.ts';
import { usageCsv } from './usage-csv.ts';

const OfRouter = z.strictObject({ id: Id });
const OfDevice = z.strictObject({ id: Id, mac: Mac });
const tags = ['devices'];

export interface DeviceRouteServices {
  readonly devices: DeviceBook;
  readonly usage: UsageBook;
  readonly speedTests: SpeedTestBook;
}

/** What is kept of a router's network; works without a session. */
export async function deviceRoutes(instance: FastifyInstance, services: DeviceRouteServices): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { devices, usage, speedTests } = services;

  app.get(
    '/routers/:id/devices',
    { config: { access: 'router.observe' }, schema: { tags, params: OfRouter, response: { 200: DeviceList } } },
    async ({ actor, params }) => devices.list(actor, params.id),
  );

  app.patch(
    '/routers/:id/devices/:mac',
    {
      config: { access: 'router.operate' },
      schema: { tags, params: OfDevice, body: DeviceChange, response: { 200: Device } },
    },
    async ({ actor, params, body }) => devices.change(actor, params.id, params.mac, body),
  );

  app.delete(
    '/routers/:id/devices/:mac',
    { config: { access: 'router.operate' }, schema: { tags, params: OfDevice, response: { 204: z.undefined() } } },
    async ({ actor, params }, reply) => {
      await devices.forget(actor, params.id, params.mac);
      return reply.status(204).send();
    },
  );

  app.get(
    '/routers/:id/usage',
    {
      config: { access: 'router.observe' },
      schema: { tags, params: OfRouter, querystring: UsageQuery, response: { 200: UsageHistory } },
    },
    async ({ actor, params, query }) => usage.history(actor, params.id, query),
  );

  app.get(
    '/routers/:id/usage/export',
    {
      config: { access: 'router.observe' },
      schema: {
        tags,
        params: OfRouter,
        querystring: UsageQuery.omit({ mac: true }).extend({ format: z.enum(['csv', 'json']) }),
        response: { 200: z.string() },
      },
    },
    async ({ actor, params, query: { format, ...query } }, reply) => {
      const history = await usage.history(actor, params.id, query);
      const csv = format === 'csv';
      return reply
        .header('content-disposition', `attachment; filename="usage-${query.period}.${format}"`)
        .type(csv ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
        .serializer((text: string) => text)
        .send(csv ? usageCsv(history) : JSON.stringify(history, null, 2));
    },
  );

  app.get(
    '/routers/:id/speed-tests',
    {
      config: { access: 'router.observe' },
      schema: { tags, params: OfRouter, querystring: PageQuery, response: { 200: pageOf(SpeedTest) } },
    },
    async ({ actor, params, query }) => speedTests.list(actor, params.id, query),
  );
}
