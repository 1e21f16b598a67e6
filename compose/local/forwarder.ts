import { connect, createServer, type Socket } from 'node:net';
import { Obstacle } from './obstacle.ts';

export interface Forwarder {
  port: number;
  close(): Promise<void>;
}

/** Connections one forwarder carries at once; more are refused. */
const MAX_CONNECTIONS = 256;

/**
 * Carries TCP connections to `from` on to a port of 127.0.0.1, both ways, half-closes included.
 * @throws Obstacle when `from` cannot be listened on.
 */
export function startForwarder(from: { host: string; port: number }, toPort: number): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (incoming) => {
    const outgoing = connect({ host: '127.0.0.1', port: toPort, allowHalfOpen: true });
    hold(incoming);
    hold(outgoing);
    incoming.on('error', () => outgoing.destroy());
    outgoing.on('error', () => incoming.destroy());
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  server.maxConnections = MAX_CONNECTIONS;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Obstacle(`${from.host}:${from.port} cannot be opened for the demo routers (${error.message}).`));
    });
    server.listen(from, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : from.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}
