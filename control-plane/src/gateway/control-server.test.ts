import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as fc from 'fast-check';
import { pino } from 'pino';
import { GatewayEvent, GatewayProblem } from '../../contract/gateway.ts';
import type { GatewayCall } from '../../contract/gateway.ts';
import { runs } from '../../test/properties.ts';
import { ControlServer } from './control-server.ts';
import { EventFeed } from './event-feed.ts';
import { GatewayFault } from './problems.ts';

const id = '3f0c9a5e-6f5d-4f43-9a6f-0c1d2e3f4a5b';
const calls = [
  { verb: 'health' },
  { verb: 'allocate_port', routerId: id },
  { verb: 'drop_tunnel', routerId: id },
  { verb: 'start_session', sessionId: id, organisationId: id, userId: id, routerId: id, priority: 3 },
  { verb: 'end_session', sessionId: id },
  { verb: 'list' },
] as const satisfies GatewayCall[];

let directory: string;
let socket: string;
let feed: EventFeed;
let server: ControlServer;
let answered: GatewayCall[];
let answer: (call: GatewayCall) => unknown;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gw-'));
  socket = join(directory, 'gateway.sock');
  answered = [];
  answer = () => ({ sessions: [], tunnels: [] });
  feed = new EventFeed(() => ({ type: 'snapshot', sessions: [], tunnels: [] }));
  server = new ControlServer({
    socket,
    answer: async (call) => {
      answered.push(call);
      return answer(call);
    },
    feed,
    metrics: async () => 'netpilot_gateway_sandboxes 0\n',
    log: pino({ level: 'silent' }),
  });
  await server.listen();
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

function ask(method: string, path: string, body?: string | Uint8Array): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket, method, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
const call = (body: string | Uint8Array) => ask('POST', '/v1/call', body);

describe('the control server', () => {
  test('answers a call of the contract', async () => {
    const { status, text } = await call(JSON.stringify({ verb: 'list' }));
    expect([status, JSON.parse(text)]).toEqual([200, { sessions: [], tunnels: [] }]);
    expect(answered).toEqual([{ verb: 'list' }]);
  });

  test('lets only owner and group connect, and replaces a socket left by a crash', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o660);
    await server.close();
    await writeFile(socket, 'stale');
    await server.listen();
    expect((await stat(socket)).isSocket()).toBe(true);
  });

  test('does not push a gateway aside that is alive', async () => {
    const second = new EventFeed(() => ({ type: 'heartbeat' }));
    const rival = new ControlServer({
      socket,
      answer: async () => ({}),
      feed: second,
      metrics: async () => '',
      log: pino({ level: 'silent' }),
    });
    await expect(rival.listen()).rejects.toThrow(/another gateway/u);
    second.close();
    expect((await call(JSON.stringify({ verb: 'list' }))).status).toBe(200);
  });

  test('no unknown field and no other value passes, and nothing is done then', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...calls),
        fc.string({ minLength: 1, maxLength: 20 }),
        fc.jsonValue(),
        async (good, key, value) => {
          fc.pre(!(key in good) && key !== '__proto__');
          const { status, text } = await call(JSON.stringify({ ...good, [key]: value }));
          expect([status, GatewayProblem.parse(JSON.parse(text)).code]).toEqual([400, 'invalid_call']);
          expect(answered).toEqual([]);
        },
      ),
      { numRuns: runs(60) },
    );
  });

  test('no other body passes, and nothing is done then', async () => {
    const strange = fc.oneof(
      fc.json().filter((text) => !calls.some((good) => JSON.stringify(good) === text)),
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(...calls).map((good) => JSON.stringify({ ...good, verb: 'run_container' })),
      fc.constantFrom(...calls.slice(1, 5)).map((good) => JSON.stringify(good).replaceAll(id, '../../etc/passwd')),
    );
    await fc.assert(
      fc.asyncProperty(strange, async (body) => {
        const { status, text } = await call(body);
        expect([status, GatewayProblem.parse(JSON.parse(text)).code]).toEqual([400, 'invalid_call']);
        expect(answered).toEqual([]);
      }),
      { numRuns: runs(60) },
    );
  });

  test('refuses a body that is too long, and everything that is not a path of the contract', async () => {
    const long = await call(JSON.stringify({ verb: 'list' }).padEnd(4_097, ' '));
    expect([long.status, JSON.parse(long.text)]).toMatchObject([400, { code: 'invalid_call' }]);
    for (const [method, path] of [
      ['GET', '/v1/call'],
      ['POST', '/v1/events'],
      ['GET', '/containers/json'],
      ['POST', '/v1/call?x'],
    ] as const) {
      expect((await ask(method, path)).status).toBe(400);
    }
    expect(answered).toEqual([]);
  });

  test('tells faults by their code and keeps everything else to itself', async () => {
    answer = () => {
      throw new GatewayFault('too_many_waiting', 'too many');
    };
    expect((await call(JSON.stringify({ verb: 'list' }))).status).toBe(429);
    answer = () => {
      throw new Error('password=hunter2');
    };
    const { status, text } = await call(JSON.stringify({ verb: 'list' }));
    expect([status, GatewayProblem.parse(JSON.parse(text)).code]).toEqual([500, 'internal']);
    expect(text).not.toContain('hunter2');
    answer = () => ({ sessions: [], tunnels: [], secret: 1 });
    expect((await call(JSON.stringify({ verb: 'list' }))).status).toBe(500);
  });

  test('begins every stream of events with a snapshot', async () => {
    const response = await openEvents();
    const lines = createInterface({ input: response })[Symbol.asyncIterator]();
    expect(GatewayEvent.parse(JSON.parse((await lines.next()).value ?? ''))).toMatchObject({ type: 'snapshot' });
    feed.tell({ type: 'heartbeat' });
    expect(JSON.parse((await lines.next()).value ?? '')).toEqual({ type: 'heartbeat' });
    response.destroy();
  });

  test('cuts a reader off that does not keep up', async () => {
    const response = await openEvents();
    response.pause();
    response.on('error', () => {});
    const closed = new Promise((resolve) => response.once('close', resolve));
    const detail = 'x'.repeat(500);
    const session = {
      sessionId: id,
      state: 'gone',
      queue: null,
      sandboxId: null,
      imageDigest: null,
      detail,
      cause: 'ended',
    } as const;
    for (let n = 0; n < 20_000 && feed.readers > 0; n += 1) {
      feed.tell({ type: 'session', session });
      if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(feed.readers).toBe(0);
    response.resume();
    await closed;
  });

  test('serves metrics', async () => {
    expect(await ask('GET', '/v1/metrics')).toEqual({ status: 200, text: 'netpilot_gateway_sandboxes 0\n' });
  });
});

function openEvents(): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath: socket, path: '/v1/events', agent: false }, resolve).once('error', reject).end();
  });
}
