import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ExecResult } from '@netpilot/control-plane/contract/sessions.ts';
import { startAgent } from '../src/agent.ts';
import type { Agent } from '../src/agent.ts';
import { startSshd } from './sshd.ts';
import type { TestSshd } from './sshd.ts';
import { connectLine, TestLink } from './test-link.ts';

let sshd: TestSshd;
let link: TestLink;
let agent: Agent;
const errors: unknown[] = [];

beforeAll(async () => {
  sshd = await startSshd();
  link = await TestLink.open();
  link.target = sshd.port;
  await link.openControl();
  await link.openTunnel();
  agent = startAgent({ directory: link.directory, report: (error) => errors.push(error) });
  const connection = await link.connect(connectLine(sshd), sshd.keys.ed25519);
  expect(await connection.outcome()).toMatchObject({ type: 'connected' });
});
afterAll(async () => {
  await agent.stop();
  await link.close();
  await sshd.stop();
  expect(errors).toEqual([]);
});

async function exec(command: string, bounds: { timeoutSeconds?: number; maxBytes?: number } = {}): Promise<ExecResult> {
  const { status, body } = await link.request('POST', '/v1/exec', { command, ...bounds });
  expect(status).toBe(200);
  return ExecResult.parse(body);
}

test('gives output, exit code and signal', async () => {
  expect(await exec('echo grün; echo warn >&2; exit 3')).toMatchObject({
    stdout: 'grün\n',
    stderr: 'warn\n',
    encoding: 'utf-8',
    exitCode: 3,
    signal: null,
    truncated: false,
    timedOut: false,
  });
  expect(await exec('kill -9 $$')).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
});

test('input is at its end', async () => {
  expect(await exec('cat; echo done')).toMatchObject({ stdout: 'done\n', exitCode: 0 });
});

test('bytes that are no text come as base64', async () => {
  const result = await exec("printf '\\377\\000'");
  expect(result.encoding).toBe('base64');
  expect([...Buffer.from(result.stdout, 'base64')]).toEqual([0xff, 0]);
});

test('a time-out ends the command', async () => {
  expect(await exec('echo before; sleep 600', { timeoutSeconds: 1 })).toMatchObject({
    stdout: 'before\n',
    timedOut: true,
    truncated: false,
  });
});

test('the byte limit ends the command', async () => {
  const result = await exec('yes', { maxBytes: 100_000 });
  expect(result).toMatchObject({ truncated: true, timedOut: false });
  expect(result.stdout.length).toBe(100_000);
});

test('exactly the limit is not over it', async () => {
  expect(await exec('printf 12345', { maxBytes: 5 })).toMatchObject({ stdout: '12345', truncated: false, exitCode: 0 });
});

test('large output comes whole', async () => {
  const result = await exec('head -c 8000000 /dev/zero', { maxBytes: 8_388_608 });
  expect(result.stdout.length).toBe(8_000_000);
  expect(result.truncated).toBe(false);
});
