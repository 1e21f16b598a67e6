import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { GatewaySession, GatewayTunnel } from '../../../contract/gateway.ts';
import { FakeGateway } from './fake-gateway.ts';
import { type GatewayClient, createGatewayClient } from './gateway-client.ts';
import type { GatewayChange } from './gateway-view.ts';

jest.setTimeout(90_000);

const log = { info() {}, warn() {}, error() {} };
let gateway: FakeGateway;
let client: GatewayClient;
let changes: GatewayChange[];

beforeEach(async () => {
  gateway = await FakeGateway.open();
  changes = [];
  client = createGatewayClient({ socketPath: gateway.socketPath, log });
  client.on((change) => changes.push(change));
});

afterEach(async () => {
  await client.close();
  await gateway.close();
});

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await sleep(10);
  }
}

function session(state: GatewaySession['state']): GatewaySession {
  const sandboxId = state === 'ready' ? randomUUID() : null;
  return { sessionId: randomUUID(), state, queue: null, sandboxId, imageDigest: null, detail: null, cause: null };
}

function tunnel(up: boolean): GatewayTunnel {
  const state = { up, since: null, latencyMs: null, lastSeenAt: null };
  return { routerId: randomUUID(), organisationId: randomUUID(), port: 2200, tunnel: state };
}

const snapshot = (sessions: GatewaySession[], tunnels: GatewayTunnel[]) =>
  `${JSON.stringify({ type: 'snapshot', sessions, tunnels })}\n`;

describe('events', () => {
  test('tells sessions and tunnels as they change and forgets those that are gone', async () => {
    await until(() => client.connected);
    const [one, line] = [session('ready'), tunnel(true)];
    gateway.say({ type: 'session', session: one });
    gateway.say({ type: 'tunnel', tunnel: line });
    await until(() => client.tunnel(line.routerId).up);
    expect(client.sessions().get(one.sessionId)).toEqual(one);
    gateway.say({ type: 'session', session: { ...one, state: 'gone', cause: 'exited' } });
    await until(() => client.sessions().size === 0);
    expect(changes.at(-1)).toMatchObject({ type: 'session', session: { cause: 'exited' } });
    expect(client.tunnel(randomUUID()).up).toBe(false);
  });

  test('a session missing in the snapshot of the next stream is told as lost', async () => {
    const [kept, missing] = [session('ready'), session('queued')];
    const line = tunnel(true);
    gateway.greeting = [snapshot([kept, missing], [line])];
    gateway.cut();
    await until(() => client.sessions().size === 2);
    changes.length = 0;
    gateway.greeting = [snapshot([kept], [])];
    gateway.cut();
    await until(() => changes.some((change) => change.type === 'synchronised'));
    expect(changes).toEqual([
      { type: 'disconnected' },
      { type: 'tunnel', tunnel: { ...line, tunnel: { ...line.tunnel, up: false } } },
      {
        type: 'session',
        session: expect.objectContaining({ sessionId: missing.sessionId, state: 'gone', cause: 'lost' }),
      },
      { type: 'synchronised' },
    ]);
    expect([...client.sessions().keys()]).toEqual([kept.sessionId]);
  });

  test.each([
    ['garbage', 'not json\n'],
    ['an event that is not in the contract', '{"type":"session","session":{}}\n'],
    ['a huge line', 'x'.repeat(17_000_000)],
  ])('%s ends the stream, and the next one is taken up', async (_name, text) => {
    await until(() => client.connected);
    const one = session('queued');
    gateway.greeting = [snapshot([one], [])];
    gateway.write(text);
    await until(() => client.sessions().has(one.sessionId));
    expect(changes.map((change) => change.type)).toContain('disconnected');
    expect(client.connected).toBe(true);
  });

  test('a stream that does not begin with a snapshot is not believed', async () => {
    gateway.greeting = [`${JSON.stringify({ type: 'session', session: session('queued') })}\n`];
    gateway.cut();
    await until(() => gateway.streams === 0);
    await until(() => gateway.streams === 1);
    expect(client.sessions().size).toBe(0);
  });

  test('connects again when the gateway was away', async () => {
    await until(() => client.connected);
    await gateway.stop();
    await until(() => !client.connected);
    await gateway.start();
    await until(() => client.connected);
  });
});

describe('call', () => {
  const call = { verb: 'allocate_port', routerId: randomUUID() } as const;

  test('gives the answer of the verb', async () => {
    gateway.answer = () => ({ status: 200, body: { port: 2201 } });
    await expect(client.call<'allocate_port'>(call)).resolves.toEqual({ port: 2201 });
    expect(gateway.calls).toEqual([call]);
  });

  test.each([
    ['ports_exhausted', 'ports_exhausted'],
    ['unknown_router', 'not_found'],
    ['too_many_waiting', 'too_many_sessions'],
    ['engine_unavailable', 'gateway_unavailable'],
  ] as const)('%s means %s', async (code, problem) => {
    gateway.answer = () => ({ status: 409, body: { code, detail: 'a detail for the log' } });
    await expect(client.call<'allocate_port'>(call)).rejects.toMatchObject({ code: problem, detail: undefined });
  });

  test.each([
    ['another shape', { status: 200, body: { port: 'many' } }],
    ['no JSON', { raw: 'hello' }],
    ['too much', { raw: 'x'.repeat(17_000_000) }],
    ['a cut', 'cut'],
    ['an unknown problem', { status: 500, body: { code: 'surprise' } }],
  ] as const)('%s is gateway_unavailable', async (_name, answer) => {
    gateway.answer = () => answer;
    await expect(client.call<'allocate_port'>(call)).rejects.toMatchObject({ code: 'gateway_unavailable' });
  });

  test('nobody there is gateway_unavailable', async () => {
    await gateway.stop();
    await expect(client.call<'list'>({ verb: 'list' })).rejects.toMatchObject({ code: 'gateway_unavailable' });
  });
});
