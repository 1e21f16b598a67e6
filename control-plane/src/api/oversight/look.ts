import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { CLOSE, type PersonSockets, closeSocket } from '../events/person-sockets.ts';
import { closeRefused } from '../terminals/routes.ts';
import type { Look, SessionOversight } from './session-oversight.ts';

export interface LookRequest {
  readonly id: string;
  readonly terminalId: number;
  readonly look: Look;
  readonly offset: number;
  readonly replay: number;
  readonly page?: string | undefined;
}

/** Shows a terminal of somebody else's session on a socket, from the screen as it is now. Owner of the socket until the terminal has it. */
export function lookAt(
  { oversight, terminalSockets }: { readonly oversight: SessionOversight; readonly terminalSockets: PersonSockets },
  socket: WebSocket,
  { actor, headers }: FastifyRequest,
  { id, terminalId, look, offset, replay, page }: LookRequest,
): void {
  if (!terminalSockets.add(socket, actor)) return;
  // Nothing is shown before the audit trail has it; what the page says meanwhile waits.
  socket.pause();
  const dismiss = () => closeSocket(socket, CLOSE.gone, 'nothing here for you any more');
  oversight.look(actor, id, look, terminalId, dismiss).then(
    ({ session, leave }) => {
      if (socket.readyState !== socket.OPEN) return leave();
      socket.once('close', leave);
      session.terminals.attach(terminalId, {
        socket,
        identity: {
          actor,
          access: look === 'join' ? 'peer' : 'watch',
          agent: headers['user-agent'] ?? null,
          page: page ?? null,
        },
        resumption: { offset, replay },
        wantsToDrive: false,
      });
      socket.resume();
    },
    (error: unknown) => closeRefused(socket, error),
  );
}
