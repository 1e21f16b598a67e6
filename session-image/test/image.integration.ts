import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readlink } from 'node:fs/promises';
import { ExecResult, Terminal } from '@netpilot/control-plane/contract/sessions.ts';
import { accelerator, buildSessionImage, ensureBaseImage } from '../build.ts';
import { run } from '../docker.ts';
import { breaches, PROBE_SCRIPT, ProbeReport } from './probe.ts';
import { startSshd } from './sshd.ts';
import type { TestSshd } from './sshd.ts';
import { TestAttachment } from './test-attachment.ts';
import { connectLine, TestLink } from './test-link.ts';

const NAME = 'netpilot-session-test';
const log = () => undefined;
let image: string;

beforeAll(async () => {
  image = await buildSessionImage({ name: NAME, base: await ensureBaseImage({ log }), log });
});
afterAll(async () => {
  await run('docker', ['image', 'rm', NAME]);
});

/** The flags of a sandbox; the gateway's own specification has more, and a suite of its own. */
const SEALED = [
  ['--network', 'none'],
  ['--read-only'],
  ['--user', '65532:65532'],
  ['--cap-drop', 'ALL'],
  ['--security-opt', 'no-new-privileges'],
  ['--tmpfs', '/tmp:rw,noexec,nosuid,nodev,size=8m,mode=1777'],
  ['--pids-limit', '64'],
  ['--memory', '192m'],
  ['--memory-swap', '192m'],
  ['--ulimit', 'core=0'],
  ['--init'],
].flat();

test('the image is there already when nothing changed', async () => {
  const lines: string[] = [];
  const base = await ensureBaseImage({ log: (line) => lines.push(line) });
  expect(await buildSessionImage({ name: NAME, base, log: (line) => lines.push(line) })).toBe(image);
  expect(lines).toEqual([]);
  const labels = await run('docker', [
    'image',
    'inspect',
    '--format',
    '{{json .Config.Labels}} {{.Config.User}}',
    image,
  ]);
  expect(labels).toContain('"netpilot":"session-image"');
  expect(labels).toContain('65532:65532');
});

test('has the ciphers of ssh2 that this machine has', async () => {
  const base = await ensureBaseImage({ log });
  const script = "try { require('/app/sshcrypto.node'); console.log('loaded') } catch (e) { console.log(e.code) }";
  const args = ['run', '--rm', ...SEALED, '--entrypoint', '/usr/local/bin/node', image, '-e', script];
  const expected = (await accelerator(base)) === null ? 'MODULE_NOT_FOUND' : 'loaded';
  expect((await run('docker', args)).trim()).toBe(expected);
  expect(await accelerator('registry.test/another-base')).toBeNull();
});

describe('from inside', () => {
  test('the sandbox is sealed', async () => {
    const link = await TestLink.open();
    try {
      const args = ['run', '--rm', ...SEALED, '--volume', `${link.directory}:/session:ro`];
      const output = await run('docker', [...args, '--entrypoint', '/usr/local/bin/node', image, '-e', PROBE_SCRIPT]);
      const report = ProbeReport.parse(JSON.parse(output));
      expect(breaches(report, ['/tmp', '/dev/shm'])).toEqual([]);
      expect(report.writable.map(({ path }) => path)).toContain('/tmp');
      expect(report.limits['Max core file size']).toBe('0');
      expect(report.environment).toEqual(['HOME', 'HOSTNAME', 'PATH', 'UV_THREADPOOL_SIZE']);
      for (const name of ['net', 'mnt', 'pid', 'ipc', 'uts']) {
        expect(report.namespaces[name]).not.toBe(await readlink(`/proc/self/ns/${name}`));
      }
    } finally {
      await link.close();
    }
  });

  test('the probe sees a container that is not sealed', async () => {
    const args = ['run', '--rm', '--user', '0:0', '--tmpfs', '/tmp:exec', '--entrypoint', '/usr/local/bin/node', image];
    const report = ProbeReport.parse(JSON.parse(await run('docker', [...args, '-e', PROBE_SCRIPT])));
    const found = breaches(report, ['/tmp', '/dev/shm']);
    for (const breach of [
      /^CapEff/u,
      /new privileges/u,
      /^Uid/u,
      /become root/u,
      /could write \/$/u,
      /run a file in \/tmp/u,
    ]) {
      expect(found).toContainEqual(expect.stringMatching(breach));
    }
  });
});

describe('the agent in the image', () => {
  let sshd: TestSshd;
  let link: TestLink;
  let container: string;

  beforeEach(async () => {
    sshd = await startSshd();
    link = await TestLink.open();
    link.target = sshd.port;
    container = `netpilot-session-test-${randomUUID()}`;
    const args = [
      'run',
      '--detach',
      '--name',
      container,
      ...SEALED,
      '--volume',
      `${link.directory}:/session:ro`,
      image,
    ];
    await run('docker', args);
  });
  afterEach(async () => {
    await run('docker', ['rm', '--force', container]);
    await link.close();
    await sshd.stop();
  });

  test('waits for its sockets, connects, and stops when told', async () => {
    // As in the warm pool: the sandbox is up before it has a session.
    await link.openTunnel();
    await link.openControl();
    const connection = await link.connect(connectLine(sshd), sshd.keys.ed25519);
    expect(await connection.outcome()).toMatchObject({ type: 'connected' });
    const { id } = Terminal.parse((await link.request('POST', '/v1/terminals', { cols: 80, rows: 24 })).body);
    const terminal = new TestAttachment(await link.linked(), id);
    terminal.type("echo in''side\n");
    await terminal.sees('inside');
    const exec = ExecResult.parse((await link.request('POST', '/v1/exec', { command: 'echo done' })).body);
    expect(exec).toMatchObject({ stdout: 'done\n', exitCode: 0 });

    // Bytes that JSON escapes sixfold, as many at once as there may be: the memory of a sandbox holds.
    const command = { command: 'head -c 8000000 /dev/zero', maxBytes: 8_388_608 };
    const large = await Promise.all(Array.from({ length: 4 }, () => link.request('POST', '/v1/exec', command)));
    for (const { body } of large) expect(ExecResult.parse(body).stdout.length).toBe(8_000_000);
    expect(link.links).toBe(1);

    await run('docker', ['stop', '--time', '60', container]);
    const state = await run('docker', ['inspect', '--format', '{{.State.ExitCode}} {{.State.OOMKilled}}', container]);
    expect(state.trim()).toBe('0 false');
    expect(await run('docker', ['logs', container])).toBe('');
  });
});
