import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  FileChange,
  FileChanged,
  FileCount,
  FileDigest,
  FileRoadView,
  FileSearchInput,
  FileSpace,
  FileStat,
} from '../../../contract/files.ts';
import { Id } from '../../../contract/identifiers.ts';
import { RouterPath } from '../../../contract/router-path.ts';
import type { FileChanges } from './file-changes.ts';
import type { FileDesk, OpenFiles } from './file-desk.ts';
import { readerGone } from './reader-gone.ts';
import type { SessionWatch } from './session-watch.ts';

const OfSession = z.strictObject({ id: Id });
const OfPath = z.strictObject({ path: RouterPath });
const Lines = z.any().describe('NDJSON');
const tags = ['files'];

export interface BrowseServices {
  readonly desk: FileDesk;
  readonly watch: SessionWatch;
  readonly changes: FileChanges;
}

/** Looking around on a router, and changing names, places and modes. */
export async function browseRoutes(instance: FastifyInstance, services: BrowseServices): Promise<void> {
  const { desk, changes } = services;
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const config = { access: 'files.read' } as const;

  app.get(
    '/sessions/:id/files/road',
    { config, schema: { tags, params: OfSession, response: { 200: FileRoadView } } },
    async ({ actor, params }) => (await desk.open(actor, params.id, 'files.read')).files.road(),
  );

  app.get(
    '/sessions/:id/files/stat',
    {
      config,
      schema: {
        tags,
        params: OfSession,
        querystring: OfPath.extend({ follow: z.stringbool().default(true) }),
        response: { 200: FileStat },
      },
    },
    async ({ actor, params, query }) => (await desk.open(actor, params.id, 'files.read')).files.stat(query),
  );

  app.get(
    '/sessions/:id/files/count',
    { config, schema: { tags, params: OfSession, querystring: OfPath, response: { 200: FileCount } } },
    async ({ actor, params, query }, reply) =>
      desk.answer(await desk.open(actor, params.id, 'files.read'), (files) =>
        files.count(query, readerGone(reply.raw)),
      ),
  );

  app.get(
    '/sessions/:id/files/sha256',
    { config, schema: { tags, params: OfSession, querystring: OfPath, response: { 200: FileDigest } } },
    async ({ actor, params, query }, reply) =>
      desk.answer(await desk.open(actor, params.id, 'files.read'), (files) =>
        files.sha256(query, readerGone(reply.raw)),
      ),
  );

  app.get(
    '/sessions/:id/files/space',
    { config, schema: { tags, params: OfSession, querystring: OfPath, response: { 200: FileSpace } } },
    async ({ actor, params, query }) => (await desk.open(actor, params.id, 'files.read')).files.space(query),
  );

  app.get(
    '/sessions/:id/files/list',
    { config, schema: { tags, params: OfSession, querystring: OfPath, response: { 200: Lines } } },
    async ({ actor, params, query, method }, reply) => {
      const open = await desk.open(actor, params.id, 'files.read');
      return sendLines(reply, services, open, method, (signal) => open.files.list(query, signal));
    },
  );

  app.get(
    '/sessions/:id/files/search',
    {
      config,
      schema: {
        tags,
        params: OfSession,
        querystring: FileSearchInput.extend({
          limit: z.coerce.number().pipe(FileSearchInput.shape.limit).default(10_000),
        }),
        response: { 200: Lines },
      },
    },
    async ({ actor, params, query, method }, reply) => {
      const open = await desk.open(actor, params.id, 'files.read');
      return sendLines(reply, services, open, method, (signal) => open.files.search(query, signal));
    },
  );

  app.post(
    '/sessions/:id/files/changes',
    {
      config: { access: 'files.write' },
      schema: { tags, params: OfSession, body: FileChange, response: { 200: FileChanged } },
    },
    async ({ actor, params, body }, reply) =>
      changes.change(await desk.open(actor, params.id, 'files.write'), body, readerGone(reply.raw)),
  );
}

/** A line for each piece of an answer as it comes; ends what runs on the router when the reader leaves or the session is over. */
async function sendLines(
  reply: FastifyReply,
  { desk, watch }: BrowseServices,
  open: OpenFiles,
  method: string,
  ask: (signal: AbortSignal) => AsyncIterable<unknown>,
): Promise<FastifyReply> {
  reply.type('application/x-ndjson');
  if (method === 'HEAD') return reply.send();
  const done = desk.ask(open);
  const controller = new AbortController();
  const leave = watch.watch(open.session, open.actor, (reason) => controller.abort(reason));
  const signal = AbortSignal.any([controller.signal, readerGone(reply.raw)]);
  const lines = Readable.from(serialised(ask(signal)), { objectMode: false });
  lines.once('close', () => {
    leave();
    done();
  });
  return reply.send(lines);
}

async function* serialised(pieces: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(`${JSON.stringify(piece)}\n`);
}
