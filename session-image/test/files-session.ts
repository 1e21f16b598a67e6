import { expect } from '@jest/globals';
import { startAgent } from '../src/agent.ts';
import { FilesClient } from './files-client.ts';
import { connectLine, passwordLine, TestLink } from './test-link.ts';
import type { TestSshd } from './sshd.ts';

/** A machine whose files are looked at, and a way to see it from outside. */
export interface TestMachine {
  readonly ssh: { user: string; hostKey: string } & ({ keys: TestSshd['keys'] } | { password: string });
  /** What tunnel.sock leads to. */
  readonly target: TestLink['target'];
  /** A shell on the machine beside SSH; `input` goes to standard input. Rejects when the script fails. */
  run(script: string, input?: Buffer): Promise<Buffer>;
  stop(): Promise<void>;
}

/** An agent that is connected to a machine. */
export interface FilesSession {
  readonly files: FilesClient;
  readonly link: TestLink;
  /** Ends agent and link; what the agent reported fails the test. */
  close(): Promise<void>;
}

export async function openFiles({ ssh, target }: Pick<TestMachine, 'ssh' | 'target'>): Promise<FilesSession> {
  const errors: unknown[] = [];
  const link = await TestLink.open();
  link.target = target;
  await link.openControl();
  await link.openTunnel();
  const agent = startAgent({ directory: link.directory, report: (error) => errors.push(error) });
  const connection =
    'keys' in ssh
      ? await link.connect(connectLine(ssh), ssh.keys.ed25519)
      : await link.connect(passwordLine(ssh, ssh.password));
  expect(await connection.outcome()).toMatchObject({ type: 'connected' });
  return {
    files: new FilesClient(link),
    link,
    async close() {
      await agent.stop();
      await link.close();
      expect(errors).toEqual([]);
    },
  };
}
