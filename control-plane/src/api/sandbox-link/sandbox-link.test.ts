import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { encodeFrame, withLength } from '../../../contract/terminal-frames.ts';
import type { AttachmentEnd } from './attachment.ts';
import type { ConnectionOutcome, RouterMaterial } from './connection-stream.ts';
import { FakeAgent, answer } from './fake-agent.ts';
import type { SandboxLink } from './sandbox-link.ts';
import { SandboxLinks } from './sandbox-links.ts';

jest.setTimeout(90_000);

const log = { info() {}, warn() {} };
const STATUS = { agentVersion: '1', connected: false, terminals: 0 };
let run: string;
let path: string;
let links: SandboxLinks;
let link: SandboxLink;
let agents: FakeAgent[];

beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'np-link-'));
  const sandboxId = randomUUID();
  await mkdir(join(run, 'sessions', sandboxId), { recursive: true });
  path = join(run, 'sessions', sandboxId, 'control.sock');
  await writeFile(path, 'stale');
  links = new SandboxLinks({ runDirectory: run, log });
  link = await links.open(sandboxId);
  agents = [];
});

afterEach(async () => {
  await links.close();
  for (const agent of agents) agent.close();
  await rm(run, { recursive: true, force: true });
});

async function agent(route: (stream: ServerHttp2Stream, path: string, method: string) => void): Promise<FakeAgent> {
  const fake = new FakeAgent(route);
  agents.push(fake);
  await fake.dial(path);
  return fake;
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await sleep(10);
  }
}

const patience = () => AbortSignal.timeout(60_000);

test('the socket takes the place of a stale file and anybody in the sandbox may dial it', async () => {
  const file = await stat(path);
  expect(file.isSocket()).toBe(true);
  expect(file.mode & 0o777).toBe(0o666);
});

test('ready waits for the agent, and gives up with its signal', async () => {
  await expect(link.ready(AbortSignal.timeout(10))).rejects.toMatchObject({ name: 'TimeoutError' });
  const ready = link.ready(patience());
  await agent((stream) => answer(stream, 200, STATUS));
  await ready;
  await expect(link.status()).resolves.toEqual(STATUS);
});

test('the newest connection wins, and a loss is told', async () => {
  const states: string[] = [];
  link.on((state) => states.push(state));
  await agent((stream) => answer(stream, 200, { ...STATUS, agentVersion: 'old' }));
  await link.ready(patience());
  const second = await agent((stream) => answer(stream, 200, { ...STATUS, agentVersion: 'new' }));
  await until(() => states.length === 3);
  expect(states).toEqual(['up', 'down', 'up']);
  await expect(link.status()).resolves.toMatchObject({ agentVersion: 'new' });
  second.cut();
  await until(() => states.length === 4);
  await expect(link.listTerminals()).rejects.toMatchObject({ code: 'sandbox_failed' });
});

test('a request under way fails when the link breaks', async () => {
  const fake = await agent(() => {});
  await link.ready(patience());
  const waiting = link.status();
  setImmediate(() => fake.cut());
  await expect(waiting).rejects.toMatchObject({ code: 'sandbox_failed' });
});

test('problems of the agent are problems of ours, and a broken contract is sandbox_failed', async () => {
  const answers: [number, unknown][] = [
    [409, { code: 'too_many_terminals', detail: 'x' }],
    [409, { code: 'not_connected', detail: 'x' }],
    [500, 'nonsense'],
    [200, { id: 'one' }],
    [200, 'x'.repeat(300_000)],
  ];
  const codes = ['too_many_terminals', 'session_not_live', 'sandbox_failed', 'sandbox_failed', 'sandbox_failed'];
  await agent((stream) => {
    const [status, body] = answers.shift() ?? [500, null];
    answer(stream, status, body);
  });
  await link.ready(patience());
  for (const code of codes) await expect(link.openTerminal({ cols: 80, rows: 24 })).rejects.toMatchObject({ code });
});

describe('connect', () => {
  const key = Buffer.concat([lengthy('ssh-ed25519'), lengthy(Buffer.alloc(32, 3))]);
  const publicKey = `ssh-ed25519 ${key.toString('base64')}`;
  const signIn = Buffer.concat([
    lengthy(Buffer.alloc(32)),
    Buffer.from([50]),
    lengthy('root'),
    lengthy('ssh-connection'),
    lengthy('publickey'),
    Buffer.from([1]),
    lengthy('ssh-ed25519'),
    lengthy(key),
  ]);

  function lengthy(value: string | Buffer): Buffer {
    const bytes = Buffer.from(value as string);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  }

  async function exchange(reports: unknown[], signed: Uint8Array[]) {
    const said: unknown[] = [];
    const heard: ConnectionOutcome[] = [];
    const closed: (Error | null)[] = [];
    await agent((stream) => {
      stream.respond({ ':status': 200 });
      stream.on('data', (chunk: Buffer) => {
        for (const text of chunk.toString().trim().split('\n')) said.push(JSON.parse(text));
      });
      for (const report of reports) {
        stream.write(typeof report === 'string' ? report : `${JSON.stringify(report)}\n`);
      }
    });
    await link.ready(patience());
    const material: RouterMaterial = {
      routerId: randomUUID(),
      organisationId: randomUUID(),
      name: 'router',
      user: 'root',
      hostKey: publicKey,
      algorithms: 'modern',
      authentication: {
        type: 'signer',
        publicKey,
        sign: async (data) => {
          signed.push(data);
          return Buffer.from('signature');
        },
      },
    };
    const stream = link.connect(material, {
      timeoutMs: 10_000,
      onReport: (report) => heard.push(report),
      onClosed: (error) => closed.push(error),
    });
    return { said, heard, closed, stream };
  }

  test('signs the sign-in and nothing else', async () => {
    const signed: Uint8Array[] = [];
    const { said, stream } = await exchange(
      [
        { type: 'sign', id: 1, data: signIn.toString('base64') },
        { type: 'sign', id: 2, data: Buffer.from('a certificate').toString('base64') },
      ],
      signed,
    );
    await until(() => said.length === 3);
    stream.close();
    expect(said[0]).toMatchObject({ type: 'connect', user: 'root', authentication: { type: 'signer', publicKey } });
    expect(said).toContainEqual({ type: 'signature', id: 1, signature: Buffer.from('signature').toString('base64') });
    expect(said).toContainEqual({ type: 'signature', id: 2, signature: null });
    expect(signed.map((data) => Buffer.from(data))).toEqual([signIn]);
  });

  test('reports reach the owner; what breaks the contract closes the stream', async () => {
    const lost = { type: 'lost', detail: 'gone' };
    const { heard, closed } = await exchange([lost, '{"type":"connected"}\n', lost], []);
    await until(() => closed.length === 1);
    expect(heard).toEqual([lost]);
    expect(closed[0]).toBeInstanceOf(Error);
  });
});

describe('attach', () => {
  async function attach(reply: (stream: ServerHttp2Stream) => void) {
    const frames: Buffer[] = [];
    const ends: AttachmentEnd[] = [];
    const asked: string[] = [];
    await agent((stream, asking) => {
      asked.push(asking);
      reply(stream);
    });
    await link.ready(patience());
    const attachment = link.attach(3, 7, {
      frame: (frame) => frames.push(Buffer.from(frame)),
      drain: () => {},
      end: (end) => ends.push(end),
    });
    return { frames, ends, asked, attachment };
  }

  test('carries frames both ways and tells the end once', async () => {
    const heard: Buffer[] = [];
    const output = encodeFrame({ type: 'output', offset: 7, bytes: Buffer.alloc(70_000, 'x') });
    const { frames, ends, asked, attachment } = await attach((stream) => {
      stream.respond({ ':status': 200 });
      stream.write(withLength(output));
      stream.on('data', (chunk: Buffer) => {
        heard.push(chunk);
        stream.end();
      });
    });
    await until(() => frames.length === 1);
    expect(frames[0]?.equals(output)).toBe(true);
    const input = encodeFrame({ type: 'input', bytes: Buffer.from('ls') });
    attachment.write(input);
    await until(() => ends.length === 1);
    expect(Buffer.concat(heard).equals(withLength(input))).toBe(true);
    expect(ends).toEqual([{ type: 'ended' }]);
    expect(asked).toEqual(['/v1/terminals/3/attach?offset=7']);
  });

  test('a refusal is told by its code', async () => {
    const { ends } = await attach((stream) => answer(stream, 404, { code: 'not_found', detail: 'x' }));
    await until(() => ends.length === 1);
    expect(ends).toEqual([{ type: 'refused', code: 'not_found' }]);
  });

  test('a frame over the bound breaks the attachment', async () => {
    const { ends } = await attach((stream) => {
      stream.respond({ ':status': 200 });
      stream.write(Buffer.from([255, 255, 255, 255]));
    });
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ type: 'broken' }]);
  });

  test('a broken link ends the attachment', async () => {
    const { ends } = await attach((stream) => {
      stream.respond({ ':status': 200 });
      setImmediate(() => agents[0]?.cut());
    });
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ type: 'broken' }]);
  });
});
