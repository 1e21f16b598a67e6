import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { pageOf } from '../../../contract/page.ts';
import {
  Recording,
  RecordingKey,
  RecordingMarkers,
  RecordingMatches,
  RecordingQuery,
  RecordingSearch,
  Verification,
} from '../../../contract/recordings.ts';
import type { RecordingService } from './service.ts';
import { type SigningKey, fingerprintOf } from './signing-key.ts';

const OfRecording = z.strictObject({ id: Id });
const Nothing = z.undefined().describe('no content');
const tags = ['recordings'];
const ASCIICAST = 'application/x-asciicast';
/** Requests of one person that read a whole recording, a minute. */
const HEAVY = { rateLimit: { max: 60, timeWindow: '1 minute' } };

export interface RecordingRouteServices {
  readonly recordings: { readonly service: RecordingService; readonly key: SigningKey };
}

/** Recordings: to find, to play, to verify, to take away and to delete. */
export async function recordingRoutes(
  instance: FastifyInstance,
  { recordings }: RecordingRouteServices,
): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  const { service, key } = recordings;

  app.get(
    '/recordings',
    {
      config: { access: 'recording.read' },
      schema: { tags, querystring: RecordingQuery, response: { 200: pageOf(Recording) } },
    },
    async ({ actor, query }) => service.list(actor, query),
  );

  app.get(
    '/recordings/key',
    { config: { access: 'person' }, schema: { tags, response: { 200: RecordingKey } } },
    async () => ({
      publicKey: key.publicKey,
      fingerprint: fingerprintOf(key.publicKey),
      trusted: [...key.trusted],
    }),
  );

  app.get(
    '/recordings/:id',
    { config: { access: 'recording.read' }, schema: { tags, params: OfRecording, response: { 200: Recording } } },
    async ({ actor, params }) => service.get(actor, params.id),
  );

  app.get(
    '/recordings/:id/verification',
    {
      config: { access: 'recording.read', ...HEAVY },
      schema: { tags, params: OfRecording, response: { 200: Verification } },
    },
    async ({ actor, params }) => service.verification(actor, params.id),
  );

  app.get(
    '/recordings/:id/matches',
    {
      config: { access: 'recording.read', ...HEAVY },
      schema: { tags, params: OfRecording, querystring: RecordingSearch, response: { 200: RecordingMatches } },
    },
    async ({ actor, params, query }) => service.matches(actor, params.id, query.text),
  );

  app.get(
    '/recordings/:id/markers',
    {
      config: { access: 'recording.read', ...HEAVY },
      schema: { tags, params: OfRecording, response: { 200: RecordingMarkers } },
    },
    async ({ actor, params }) => service.markers(actor, params.id),
  );

  app.get(
    '/recordings/:id/playback',
    { config: { access: 'recording.read', ...HEAVY }, schema: { tags, params: OfRecording } },
    async ({ actor, params }, reply) => reply.type(ASCIICAST).send(await service.play(actor, params.id)),
  );

  app.get(
    '/recordings/:id/download',
    { config: { access: 'recording.download', ...HEAVY }, schema: { tags, params: OfRecording } },
    async ({ actor, params, headers, method }, reply) => {
      const { size, range, send, close } = await service.download(actor, params.id, headers.range);
      const { first, last } = range ?? { first: 0, last: size - 1 };
      if (range !== null) reply.status(206).header('content-range', `bytes ${first}-${last}/${size}`);
      reply
        .type(ASCIICAST)
        .header('accept-ranges', 'bytes')
        .header('content-length', last - first + 1)
        .header('content-disposition', `attachment; filename="netpilot-${params.id}.cast"`);
      if (method === 'GET') return reply.send(await send());
      await close();
      return reply.send();
    },
  );

  app.delete(
    '/recordings/:id',
    { config: { access: 'recording.delete' }, schema: { tags, params: OfRecording, response: { 204: Nothing } } },
    async ({ actor, params }, reply) => {
      await service.delete(actor, params.id);
      return reply.status(204).send();
    },
  );
}
