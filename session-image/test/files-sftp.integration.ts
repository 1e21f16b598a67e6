import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describeFiles, runHere } from './files-conformance.ts';
import type { TestMachine } from './files-session.ts';
import { SFTP_ALONE, startSshd } from './sshd.ts';

async function sshd(extra: readonly string[]): Promise<TestMachine & { target: number }> {
  const server = await startSshd(['SetEnv HOME=/', ...extra]);
  return { ssh: server, target: server.port, run: runHere, stop: () => server.stop() };
}

/**
 * A line to a loopback port that brings what the server says in bursts, as a mobile one does: the start of a command, all that it says, and its end
 * arrive at once.
 */
function inBursts(port: number, everyMs: number): (socket: Socket) => void {
  return (socket) => {
    const server = connect(port, '127.0.0.1');
    let held: Buffer[] = [];
    const bursts = setInterval(() => {
      if (held.length > 0) socket.write(Buffer.concat(held));
      held = [];
      if (server.readableEnded) socket.end();
    }, everyMs);
    server.on('data', (chunk: Buffer) => held.push(chunk));
    socket.pipe(server);
    for (const end of [socket, server]) end.on('error', () => undefined);
    server.once('close', () => {
      clearInterval(bursts);
      socket.destroy();
    });
    socket.once('close', () => server.destroy());
  };
}

describeFiles({
  name: 'an OpenSSH server behind a line that brings things in bursts',
  road: { road: 'sftp', bytes: 'shell' },
  start: async () => {
    const machine = await sshd(['Subsystem sftp internal-sftp']);
    return { ...machine, target: inBursts(machine.target, 25) };
  },
});

describeFiles({
  name: 'an OpenSSH server with SFTP and a shell',
  road: { road: 'sftp', bytes: 'shell' },
  start: () => sshd(['Subsystem sftp internal-sftp']),
});

describeFiles({
  name: 'an OpenSSH server with SFTP alone',
  road: { road: 'sftp', bytes: 'sftp' },
  start: () => sshd(SFTP_ALONE),
});

describeFiles({
  name: 'an OpenSSH server with a GNU shell alone',
  road: { road: 'shell', bytes: 'shell' },
  start: () => sshd([]),
});
