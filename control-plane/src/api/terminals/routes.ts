import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import { ProblemError } from '../errors.ts';
import { CLOSE, type PersonSockets, closeSocket } from '../events/person-sockets.ts';
import type { SessionReader } from '../sessions/reader.ts';
import type { SessionService } from '../sessions/service.ts';

/** Sockets one person may have attached to terminals. */
export const TERMINAL_SOCKETS_PER_PERSON = 64;
/** Bytes of output that are replayed rather than drawn as a screen, unless a page says otherwise. */
const REPLAY = 1_048_576;

const Offset = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const OfTerminal = z.strictObject({ id: Id, terminalId: z.coerce.number().int().min(1).max(1_000_000) });
/** From where a page goes on, and as what; one that watches is asked the same. */
export const From = z.strictObject({
  /** Output below is on the page already. */
  offset: Offset.default(0),
  /** With more output than this behind `offset` the page gets the screen of now instead. */
  replay: Offset.default(REPLAY),
  /** `follower` does not drive although nobody else does. */
  role: z.enum(['driver', 'follower']).default('driver'),
  /** Names the page over its reconnects, so that it replaces itself; it gives no right. */
  page: Id.optional(),
});

export interface TerminalRouteServices {
  readonly sessions: Pick<SessionService, 'find'>;
  readonly sessionReader: Pick<SessionReader, 'past'>;
  readonly terminalSockets: PersonSockets;
}

/** The socket of one terminal; needs @fastify/websocket registered before, with `maxPayload` of the contract's `MAX_FRAME`. */
export async function terminalRoutes(instance: FastifyInstance, services: TerminalRouteServices): Promise<void> {
  const app = instance.withTypeProvider<ZodTypeProvider>();
  app.get(
    '/sessions/:id/terminals/:terminalId/attach',
    { websocket: true, config: { access: 'session.attach' }, schema: { params: OfTerminal, querystring: From } },
    (socket, request) => {
      if (services.terminalSockets.add(socket, request.actor))
        attach(services, socket, request, request.params, request.query);
    },
  );
}

function attach(
  { sessions, sessionReader }: TerminalRouteServices,
  socket: WebSocket,
  request: FastifyRequest,
  { id, terminalId }: z.output<typeof OfTerminal>,
  { offset, replay, role, page }: z.output<typeof From>,
): void {
  const { actor } = request;
  try {
    const session = sessions.find(actor, id, 'session.attach');
    if (session === null) {
      sessionReader.past(actor, id).then(
        ({ state }) =>
          state === 'ended'
            ? closeSocket(socket, CLOSE.sessionOver, 'the session has ended')
            : closeSocket(socket, CLOSE.tryAgain, 'not now'),
        (error: unknown) => closeRefused(socket, error),
      );
      return;
    }
    const agent = request.headers['user-agent'] ?? null;
    session.terminals.attach(terminalId, {
      socket,
      identity: { actor, access: 'own', agent, page: page ?? null },
      resumption: { offset, replay },
      wantsToDrive: role === 'driver',
    });
  } catch (error) {
    closeRefused(socket, error);
  }
}

/** Closes the socket of somebody who was refused, with the code that says why. */
export function closeRefused(socket: WebSocket, error: unknown): void {
  const code = error instanceof ProblemError ? error.code : 'internal';
  if (code === 'session_over') closeSocket(socket, CLOSE.sessionOver, 'the session has ended');
  else if (code === 'screen_locked') closeSocket(socket, CLOSE.screenLocked, 'the screen is locked');
  else if (code === 'not_found' || code === 'forbidden' || code === 'locked')
    closeSocket(socket, CLOSE.gone, 'nothing here for you');
  else closeSocket(socket, CLOSE.tryAgain, 'not now');
}
