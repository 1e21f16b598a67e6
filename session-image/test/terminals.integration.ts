import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Terminal } from '@netpilot/control-plane/contract/sessions.ts';
import { TerminalList } from '@netpilot/control-plane/contract/agent.ts';
import { INPUT_WINDOW } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { startAgent } from '../src/agent.ts';
import type { Agent } from '../src/agent.ts';
import { startSshd } from './sshd.ts';
import type { TestSshd } from './sshd.ts';
import { TestAttachment } from './test-attachment.ts';
import { connectLine, TestLink, until } from './test-link.ts';
import type { TestConnection } from './test-link.ts';

let sshd: TestSshd;
let link: TestLink;
let agent: Agent;
let connection: TestConnection;
const errors: unknown[] = [];

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
});
beforeEach(async () => {
  errors.length = 0;
  link = await TestLink.open();
  link.target = sshd.port;
  agent = startAgent({ directory: link.directory, report: (error) => errors.push(error) });
  await link.openControl();
  await link.openTunnel();
  await connect();
});
afterEach(async () => {
  await agent.stop();
  await link.close();
  expect(errors).toEqual([]);
});

async function connect(): Promise<void> {
  connection = await link.connect(connectLine(sshd), sshd.keys.ed25519);
  expect(await connection.outcome()).toMatchObject({ type: 'connected' });
}

async function openTerminal(): Promise<number> {
  const { status, body } = await link.request('POST', '/v1/terminals', { cols: 80, rows: 24 });
  expect(status).toBe(201);
  return Terminal.parse(body).id;
}

async function attach(
  id: number,
  options: ConstructorParameters<typeof TestAttachment>[2] = {},
): Promise<TestAttachment> {
  return new TestAttachment(await link.linked(), id, options);
}

async function list(): Promise<Terminal[]> {
  return TerminalList.parse((await link.request('GET', '/v1/terminals')).body).terminals;
}

/** Bytes of `seq 1 count`. */
function sequence(count: number): Buffer {
  const lines: string[] = [];
  for (let number = 1; number <= count; number++) lines.push(`${number}\n`);
  return Buffer.from(lines.join(''));
}

const RAW = "stty raw -echo; printf 'BEG''IN'; ";

describe('a terminal', () => {
  test('echoes, resizes and exits', async () => {
    const terminal = await attach(await openTerminal());
    terminal.type("echo hel''lo $TERM\n");
    await terminal.sees('hello xterm-256color');
    expect(terminal.attached).toMatchObject({ offset: 0, truncated: false, cols: 80, rows: 24 });
    terminal.send({ type: 'resize', cols: 132, rows: 43 });
    terminal.type('stty size\n');
    await terminal.sees(/43 132/u);
    expect((await list())[0]).toMatchObject({ cols: 132, rows: 43, attached: true, exit: null });
    terminal.type('exit 7\n');
    expect(await terminal.exited()).toEqual({ code: 7, signal: null, reason: 'exited' });
    expect(terminal.taken).toBeGreaterThan(0);
    const [listed] = await list();
    expect(listed).toMatchObject({ exit: { code: 7, signal: null } });
    expect(await link.request('DELETE', `/v1/terminals/${listed?.id}`)).toMatchObject({ status: 204 });
    expect(await list()).toEqual([]);
  });

  test('gives 20 MB exactly, past a reader that pauses and a link that breaks', async () => {
    const id = await openTerminal();
    const expected = sequence(2_700_000);
    expect(expected.length).toBeGreaterThan(20_000_000);
    const hash = createHash('sha256');
    let head = Buffer.alloc(0);
    let length = 0;
    const onOutput = (bytes: Uint8Array) => {
      if (length > 0) {
        hash.update(bytes);
        length += bytes.length;
        return;
      }
      head = Buffer.concat([head, bytes]);
      const at = head.indexOf('BEGIN');
      if (at === -1) return;
      hash.update(head.subarray(at + 5));
      length = head.length - at - 5;
    };
    let terminal = await attach(id, { onOutput });
    terminal.type(`${RAW} exec seq 1 2700000\n`);
    await until('some output', () => length > 3_000_000);

    // Nobody acknowledges: what comes stops at the window, and the rest waits in the ring and on the router.
    terminal.acknowledge = false;
    await until('the window to be full', () => terminal.offset > 3_500_000);
    terminal.stream.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    terminal.acknowledge = true;
    terminal.stream.resume();
    terminal.send({ type: 'ack', offset: terminal.offset });
    await until('more output', () => length > 8_000_000);

    for (const cut of [9_000_000, 14_000_000]) {
      const { offset } = terminal;
      link.cutLink();
      await until('the old stream to close', () => terminal.closed);
      expect(terminal.offset).toBeGreaterThanOrEqual(offset);
      terminal = await attach(id, { offset: terminal.offset, onOutput });
      // What came before the cut may be past it already: being attached is waited for by itself.
      expect(await until('it to be attached', () => terminal.attached)).toMatchObject({ truncated: false });
      await until('the rest', () => length > cut);
    }
    expect(await terminal.exited()).toMatchObject({ code: 0, reason: 'exited' });
    expect(length).toBe(expected.length);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(expected).digest('hex'));
  });

  test('keeps what nobody reads, within its bound, and replays it', async () => {
    const id = await openTerminal();
    const first = await attach(id, { acknowledge: false });
    first.type(`${RAW} exec seq 1 2700000\n`);
    await first.sees('BEGIN');
    first.cancel();
    let offset = -1;
    // The ring fills, then the offset stands still.
    await until('the router to be held', () => {
      void list().then(([terminal]) => (offset = terminal?.offset ?? -1));
      return offset > 2_000_000;
    });
    expect(offset).toBeLessThanOrEqual(2_097_152);
    const again = await attach(id);
    expect(await again.exited()).toMatchObject({ code: 0 });
    expect(again.attached).toMatchObject({ offset: 0, truncated: false });
    const at = again.bytes.indexOf('BEGIN') + 5;
    expect(again.bytes.subarray(at).equals(sequence(2_700_000))).toBe(true);

    const late = await attach(id);
    await late.exited();
    expect(late.attached).toMatchObject({ truncated: true });
    expect(late.offset).toBe(again.offset);
  });

  test('is taken over by a second reader', async () => {
    const id = await openTerminal();
    const first = await attach(id);
    first.type("echo on''e\n");
    await first.sees('one\r\n');
    const second = await attach(id, { offset: first.offset });
    await until('the notice', () => first.notice?.kind === 'taken_over');
    first.type("echo no''body\n");
    second.type("echo tw''o\n");
    await second.sees('two\r\n');
    expect(second.text).not.toContain('nobody\r\n');
    expect((await list()).length).toBe(1);
  });

  test('ends with the connection, and a new connection has new ones', async () => {
    const terminal = await attach(await openTerminal());
    await terminal.sees(/./u);
    link.cutTunnel();
    expect(await terminal.exited()).toEqual({ code: null, signal: null, reason: 'connection_lost' });
    await connection.lost();
    expect(await link.request('POST', '/v1/terminals', { cols: 80, rows: 24 })).toMatchObject({ status: 409 });
    await connect();
    const next = await attach(await openTerminal());
    next.type("echo aga''in\n");
    await next.sees('again');
  });

  test('is closed on request, also under its reader', async () => {
    const id = await openTerminal();
    const terminal = await attach(id);
    await terminal.sees(/./u);
    expect(await link.request('DELETE', `/v1/terminals/${id}`)).toMatchObject({ status: 204 });
    expect(await terminal.exited()).toMatchObject({ reason: 'closed' });
    expect(await link.request('DELETE', `/v1/terminals/${id}`)).toMatchObject({ status: 404 });
  });

  test('no more than sixteen run at once', async () => {
    for (let count = 0; count < 16; count++) await openTerminal();
    expect(await link.request('POST', '/v1/terminals', { cols: 80, rows: 24 })).toMatchObject({
      status: 429,
      body: { code: 'too_many_terminals' },
    });
    expect(await list()).toHaveLength(16);
  });
});

describe('a peer that does not keep to the protocol', () => {
  test('a flood of input ends its attachment only', async () => {
    const id = await openTerminal();
    const flooding = await attach(id);
    // The router does not read: its window fills, then ours.
    flooding.type(`${RAW} exec sleep 600\n`);
    await flooding.sees('BEGIN');
    const bytes = Buffer.alloc(65_536, 'x');
    for (let sent = 0; sent < 16_000_000 && !flooding.closed; sent += bytes.length)
      flooding.send({ type: 'input', bytes });
    await until('the flood to be cut off', () => flooding.closed);
    const other = await attach(await openTerminal());
    other.type("echo st''ill\n");
    await other.sees('still');
    expect(link.links).toBe(1);
  });

  test('input within the window is all taken', async () => {
    const terminal = await attach(await openTerminal());
    terminal.type(`${RAW} head -c 1000000 | wc -c; exit\n`);
    await terminal.sees('BEGIN');
    const before = terminal.taken;
    let sent = 0;
    while (sent < 1_000_000) {
      const bytes = Buffer.alloc(50_000, 'x');
      await until('room', () => sent + bytes.length - (terminal.taken - before) <= INPUT_WINDOW);
      terminal.send({ type: 'input', bytes });
      sent += bytes.length;
    }
    await terminal.exited();
    expect(terminal.text).toContain('1000000');
    expect(terminal.taken - before).toBe(1_000_000);
  });

  test.each([
    ['a frame of the other side', Buffer.from([0, 0, 0, 9, 0x86, 0, 0, 0, 0, 0, 0, 0, 1])],
    ['a frame that is too long', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['an acknowledgement of the future', Buffer.from([0, 0, 0, 9, 3, 0, 0, 1, 0, 0, 0, 0, 0])],
  ])('%s is cut off', async (_what, bytes) => {
    const id = await openTerminal();
    const terminal = await attach(id);
    await until('the attachment', () => terminal.attached);
    terminal.stream.write(bytes);
    await until('the cut', () => terminal.closed);
    const again = await attach(id);
    again.type("echo st''ill\n");
    await again.sees('still');
    expect(link.links).toBe(1);
  });

  test('offsets and terminals that do not exist', async () => {
    const id = await openTerminal();
    expect(await link.request('POST', `/v1/terminals/${id}/attach?offset=999999999`)).toMatchObject({ status: 400 });
    expect(await link.request('POST', `/v1/terminals/${id}/attach?offset=-1`)).toMatchObject({ status: 400 });
    expect(await link.request('POST', '/v1/terminals/77/attach')).toMatchObject({ status: 404 });
  });
});
