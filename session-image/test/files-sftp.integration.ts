import { describeFiles, runHere } from './files-conformance.ts';
import type { TestMachine } from './files-session.ts';
import { SFTP_ALONE, startSshd } from './sshd.ts';

async function sshd(extra: readonly string[]): Promise<TestMachine> {
  const server = await startSshd(['SetEnv HOME=/', ...extra]);
  return { ssh: server, target: server.port, run: runHere, stop: () => server.stop() };
}

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
