import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  FileUploadEnd,
  FileUploadStart,
  FileUploadView,
  FileVersionList,
  entityTag,
} from '../../../contract/file-api.ts';
import { FileFollowInput, FileStat, FileUnpacked, FileUploadRef, FileUploadState } from '../../../contract/files.ts';
import { Id } from '../../../contract/identifiers.ts';
import { RouterPath } from '../../../contract/router-path.ts';
import { ProblemError } from '../errors.ts';
import type { Download, Downloads, Reader } from './downloads.ts';
import type { FileDesk } from './file-desk.ts';
import { readerGone } from './reader-gone.ts';
import type { Saves } from './saves.ts';
import type { Uploads } from './uploads.ts';

const OfSession = z.strictObject({ id: Id });
const OfUpload = OfSession.extend({ uploadId: FileUploadRef.shape.uploadId });
const OfVersion = OfSession.extend({ versionId: Id });
const OfPath = z.strictObject({ path: RouterPath });
const Bytes = z.any().describe('bytes');
const Nothing = z.undefined().describe('no content');
const Octal = z.string().regex(/^[0-7]{3,4}$/u, 'must be octal, as 0644');
const tags = ['files'];

export interface TransferRouteServices {
  readonly desk: FileDesk;
  readonly downloads: Downloads;
  readonly saves: Saves;
  readonly uploads: Uploads;
}

/** Bytes from the router and to it; bodies are streams here, of any length. */
export async function transferRoutes(instance: FastifyInstance, services: TransferRouteServices): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { desk, downloads, saves, uploads } = services;
  for (const type of ['application/octet-stream', 'application/x-tar']) {
    app.addContentTypeParser(type, (_request, body, done) => done(null, body));
  }
  const reading = { access: 'files.read' } as const;
  const writing = { access: 'files.write' } as const;
  const receiving = { ...writing, longBody: true } as const;

  app.get(
    '/sessions/:id/files/content',
    { config: reading, schema: { tags, params: OfSession, querystring: OfPath, response: { 200: Bytes, 206: Bytes } } },
    async ({ actor, params, query, headers, method }, reply) => {
      const open = await desk.open(actor, params.id, 'files.read');
      const conditions = {
        range: headers.range,
        ifRange: headers['if-range'] as string | undefined,
        ifMatch: headers['if-match'],
        ifNoneMatch: headers['if-none-match'],
      };
      return send(reply, await downloads.content(open, query.path, conditions, readerOf(reply, method)));
    },
  );

  app.put(
    '/sessions/:id/files/content',
    {
      config: receiving,
      schema: {
        tags,
        params: OfSession,
        querystring: OfPath.extend({ mode: Octal.optional() }),
        response: { 200: FileStat },
      },
    },
    async (request, reply) => {
      const { actor, params, query, headers } = request;
      const stat = await saves.save(await desk.open(actor, params.id, 'files.write'), {
        path: query.path,
        body: bodyOf(request),
        length: lengthOf(request),
        ifMatch: headers['if-match'],
        ifNoneMatch: headers['if-none-match'],
        mode: query.mode === undefined ? null : Number.parseInt(query.mode, 8),
      });
      return reply.header('etag', entityTag(stat.version)).send(stat);
    },
  );

  app.get(
    '/sessions/:id/files/follow',
    {
      config: reading,
      schema: {
        tags,
        params: OfSession,
        querystring: OfPath.extend({
          back: z.coerce.number().pipe(FileFollowInput.shape.back).default(65_536),
        }),
        response: { 200: Bytes },
      },
    },
    async ({ actor, params, query, method }, reply) => {
      const open = await desk.open(actor, params.id, 'files.read');
      return send(reply, await downloads.follow(open, query.path, query.back, readerOf(reply, method)));
    },
  );

  app.get(
    '/sessions/:id/files/archive',
    { config: reading, schema: { tags, params: OfSession, querystring: OfPath, response: { 200: Bytes } } },
    async ({ actor, params, query, method }, reply) => {
      const open = await desk.open(actor, params.id, 'files.read');
      return send(reply, await downloads.archive(open, query.path, readerOf(reply, method)));
    },
  );

  app.put(
    '/sessions/:id/files/archive',
    { config: receiving, schema: { tags, params: OfSession, querystring: OfPath, response: { 200: FileUnpacked } } },
    async (request) => {
      const { actor, params, query } = request;
      const open = await desk.open(actor, params.id, 'files.write');
      return uploads.unpack(open, query.path, bodyOf(request), lengthOf(request));
    },
  );

  app.post(
    '/sessions/:id/files/uploads',
    { config: writing, schema: { tags, params: OfSession, body: FileUploadStart, response: { 201: FileUploadView } } },
    async ({ actor, params, body }, reply) =>
      reply.status(201).send(await uploads.start(await desk.open(actor, params.id, 'files.write'), body)),
  );

  app.patch(
    '/sessions/:id/files/uploads/:uploadId',
    {
      config: receiving,
      schema: {
        tags,
        params: OfUpload,
        querystring: OfPath.extend({ offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }),
        response: { 200: FileUploadState },
      },
    },
    async (request) => {
      const { actor, params, query } = request;
      const piece = { uploadId: params.uploadId, ...query };
      const open = await desk.open(actor, params.id, 'files.write');
      return uploads.bytes(open, piece, bodyOf(request), lengthOf(request));
    },
  );

  app.post(
    '/sessions/:id/files/uploads/:uploadId/finish',
    { config: writing, schema: { tags, params: OfUpload, body: FileUploadEnd, response: { 200: FileStat } } },
    async ({ actor, params, body }) =>
      uploads.finish(await desk.open(actor, params.id, 'files.write'), params.uploadId, body),
  );

  app.delete(
    '/sessions/:id/files/uploads/:uploadId',
    { config: writing, schema: { tags, params: OfUpload, querystring: OfPath, response: { 204: Nothing } } },
    async ({ actor, params, query }, reply) => {
      await uploads.abort(await desk.open(actor, params.id, 'files.write'), params.uploadId, query.path);
      return reply.status(204).send();
    },
  );

  app.get(
    '/sessions/:id/files/versions',
    { config: reading, schema: { tags, params: OfSession, querystring: OfPath, response: { 200: FileVersionList } } },
    async ({ actor, params, query }) => ({
      items: await downloads.versions(await desk.open(actor, params.id, 'files.read'), query.path),
    }),
  );

  app.get(
    '/sessions/:id/files/versions/:versionId',
    { config: reading, schema: { tags, params: OfVersion, response: { 200: Bytes } } },
    async ({ actor, params }, reply) =>
      send(reply, await downloads.version(await desk.open(actor, params.id, 'files.read'), params.versionId)),
  );
}

function send(reply: FastifyReply, { status, headers, body }: Download): FastifyReply {
  return reply
    .status(status)
    .headers(headers)
    .send(body ?? undefined);
}

function readerOf(reply: FastifyReply, method: string): Reader {
  return { headOnly: method === 'HEAD', gone: readerGone(reply.raw) };
}

/** @throws ProblemError `unsupported_media_type` for a request without a body of bytes. */
function bodyOf({ body }: FastifyRequest): Readable {
  const stream = body as Readable | null | undefined;
  if (typeof stream?.pipe !== 'function') {
    throw new ProblemError('unsupported_media_type', 'Send application/octet-stream.');
  }
  return stream;
}

/** @returns the bytes of the body; null when it comes in chunks without a length. */
function lengthOf({ headers }: FastifyRequest): number | null {
  return headers['content-length'] === undefined ? null : Number(headers['content-length']);
}
