import { afterAll, beforeAll, expect } from '@jest/globals';
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

/** The files of one machine, for all tests of a block. */
export interface FilesHere<M extends TestMachine> {
  readonly files: FilesClient;
  /** From the first test on. */
  readonly machine: () => M;
  /** Runs a script in the folder of the tests, beside SSH. @returns what it wrote, one character a byte. */
  readonly sh: (script: string, input?: Buffer) => Promise<string>;
  /** @returns the path of a name in that folder. */
  readonly at: (name: string) => string;
}

/**
 * Sets up and takes down the block of tests that it is called in: a machine, and an agent that is connected to it.
 * @param folderOf where the tests are at home on the machine.
 */
export function useFiles<M extends TestMachine>(
  start: () => Promise<M>,
  folderOf: (machine: M) => string,
): FilesHere<M> {
  let machine: M;
  let session: FilesSession;
  beforeAll(async () => {
    machine = await start();
    session = await openFiles(machine);
  });
  afterAll(async () => {
    try {
      await session?.close();
    } finally {
      await machine?.stop();
    }
  });
  const link = {
    request: (method: string, path: string, body?: unknown) => session.link.request(method, path, body),
    linked: () => session.link.linked(),
  };
  return {
    files: new FilesClient(link),
    machine: () => machine,
    sh: async (script, input) =>
      (await machine.run(`cd ${folderOf(machine)} || exit 1\n${script}`, input)).toString('latin1'),
    at: (name) => `${folderOf(machine)}/${name}`,
  };
}

/** An agent that is connected to a machine. */
interface FilesSession {
  readonly link: TestLink;
  /** Ends agent and link; what the agent reported fails the test. */
  close(): Promise<void>;
}

async function openFiles({ ssh, target }: Pick<TestMachine, 'ssh' | 'target'>): Promise<FilesSession> {
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
    link,
    async close() {
      await agent.stop();
      await link.close();
      expect(errors).toEqual([]);
    },
  };
}
