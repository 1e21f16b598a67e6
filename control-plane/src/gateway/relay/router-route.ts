import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { Id, Port } from '../../../contract/identifiers.ts';

/** The one way out of a sandbox, fixed when its session starts. */
export const RouterRoute = z.discriminatedUnion('attachment', [
  /** Over the tunnel that the router itself holds open to us. */
  z.strictObject({ attachment: z.literal('enrolled'), routerId: Id }),
  /** To a port of this machine's loopback where somebody else's tunnel ends. */
  z.strictObject({ attachment: z.literal('manual'), port: Port }),
]);
export type RouterRoute = z.infer<typeof RouterRoute>;

const CONNECT_MS = 5_000;

/**
 * Opens a byte stream to the router's SSH server.
 * @param openChannel the tunnel server's own way to an enrolled router; it needs no port.
 * @throws Error when the tunnel is down.
 */
export function openRoute(route: RouterRoute, openChannel: (routerId: string) => Promise<Duplex>): Promise<Duplex> {
  return route.attachment === 'enrolled' ? openChannel(route.routerId) : connectLoopback(route.port);
}

function connectLoopback(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error('the tunnel port does not answer')), CONNECT_MS);
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}
