import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import type { Actor } from '../access/actor.ts';
import { ProblemError } from '../errors.ts';
import { CLOSE, type PersonSockets, closeSocket } from '../events/person-sockets.ts';
import type { SessionReader } from '../sessions/reader.ts';
import type { SessionService } from '../sessions/service.ts';
import { TerminalRelay } from './terminal-relay.ts';

/** Sockets one person may have attached to terminals. */
export const TERMINAL_SOCKETS_PER_PERSON = 64;

const OfTerminal = z.strictObject({ id: Id, terminalId: z.coerce.number().int().min(1).max(1_000_000) });
const From = z.strictObject({ offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional() });

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
    { websocket: true, config: { access: 'session.use' }, schema: { params: OfTerminal, querystring: From } },
    (socket, request) => {
      const { actor, params, query } = request;
      if (services.terminalSockets.add(socket, actor)) {
        attach(services, socket, actor, params.id, params.terminalId, query.offset ?? null);
      }
    },
  );
}

function attach(
  { sessions, sessionReader }: TerminalRouteServices,
  socket: WebSocket,
  actor: Actor,
  id: string,
  terminalId: number,
  offset: number | null,
): void {
  try {
    const session = sessions.find(actor, id, 'session.use');
    if (session === null) {
      sessionReader.past(actor, id).then(
        ({ state }) =>
          state === 'ended'
            ? closeSocket(socket, CLOSE.sessionOver, 'the session has ended')
            : closeSocket(socket, CLOSE.tryAgain, 'not now'),
        (error: unknown) => refuse(socket, error),
      );
      return;
    }
    const { link } = session;
    const relay = new TerminalRelay({
      socket,
      attach: (listener) => link.attach(terminalId, offset, listener),
      onInput: () => session.touch(),
    });
    socket.once('close', session.join(relay));
  } catch (error) {
    refuse(socket, error);
  }
}

function refuse(socket: WebSocket, error: unknown): void {
  const code = error instanceof ProblemError ? error.code : 'internal';
  if (code === 'session_over') closeSocket(socket, CLOSE.sessionOver, 'the session has ended');
  else if (code === 'not_found' || code === 'forbidden') closeSocket(socket, CLOSE.gone, 'nothing here for you');
  else closeSocket(socket, CLOSE.tryAgain, 'not now');
}
