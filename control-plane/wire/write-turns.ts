import type { Writable } from 'node:stream';

/**
 * Lets everything that is written to a socket in one turn of the event loop leave together, in one system call: ssh2 writes each packet of 32 KB at most
 * by itself. Nothing waits longer than until the turn is over.
 * @returns the socket.
 */
export function writeInTurns<T extends Writable>(socket: T): T {
  const write = socket.write.bind(socket) as Writable['write'];
  let open = false;
  const leave = () => {
    open = false;
    socket.uncork();
  };
  socket.write = ((...chunk: Parameters<Writable['write']>) => {
    if (!open) {
      open = true;
      socket.cork();
      setImmediate(leave);
    }
    return write(...chunk);
  }) as Writable['write'];
  return socket;
}
