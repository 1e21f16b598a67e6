import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { pino } from 'pino';
import ssh2 from 'ssh2';
import type { Client, ConnectConfig, ParsedKey } from 'ssh2';
import type { GatewayTunnel } from '../../../contract/gateway.ts';
import { makeKey } from '../test/keys.ts';
import { MemoryRegistry } from '../test/memory-registry.ts';
import { waitUntil } from '../test/wait-until.ts';
import { readHostKey } from './host-key.ts';
import { TunnelServer } from './tunnel-server.ts';

const run = promisify(execFile);
const mine = makeKey();
const other = makeKey();
const stranger = makeKey();
const routerId = randomUUID();
const otherId = randomUUID();
const organisationId = randomUUID();

let directory: string;
let echo: Server;
let echoPort: number;
let server: TunnelServer;
let registry: MemoryRegistry;
let events: GatewayTunnel[];
let port: number;
let otherPort: number;
const clients = new Set<Client>();
const children = new Set<ChildProcess>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gw-tunnels-'));
  await writeFile(join(directory, 'host'), makeKey().privateKey);
  await writeFile(join(directory, 'key'), mine.privateKey, { mode: 0o600 });
  await run('dropbearconvert', ['openssh', 'dropbear', join(directory, 'key'), join(directory, 'dropbear')]);
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  echoPort = await listen(echo);
});
afterAll(async () => {
  echo.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  [port, otherPort] = [await freePort(), await freePort()];
  registry = new MemoryRegistry();
  registry.add({ routerId, organisationId, port, attachment: 'enrolled' }, mine.publicKey);
  registry.add({ routerId: otherId, organisationId, port: otherPort, attachment: 'enrolled' }, other.publicKey);
  events = [];
  server = await startServer();
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  for (const child of children) child.kill('SIGKILL');
  clients.clear();
  children.clear();
  await server.close();
});

async function startServer(limits?: {
  pending: number;
  pendingPerAddress: number;
  graceMs: number;
}): Promise<TunnelServer> {
  const started = new TunnelServer({
    listen: { host: '127.0.0.1', port: 0 },
    hostKey: await readHostKey(join(directory, 'host')),
    registry,
    log: pino({ level: 'silent' }),
    changed: (tunnel) => events.push(tunnel),
    limits,
  });
  await started.listen();
  return started;
}

function listen(listener: Server): Promise<number> {
  return new Promise((resolve) =>
    listener.listen(0, '127.0.0.1', () => resolve((listener.address() as AddressInfo).port)),
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const free = await listen(probe);
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

function connectRouter(config: Partial<ConnectConfig> = {}): Promise<Client> {
  const client = new ssh2.Client();
  clients.add(client);
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client));
    // An agent that cannot sign with one key is asked for the next one.
    client.on('error', (error) => error.level !== 'agent' && reject(error));
    client.once('close', () => reject(new Error('closed')));
    client.connect({
      host: '127.0.0.1',
      port: server.port,
      username: 'tunnel',
      privateKey: mine.privateKey,
      hostVerifier: () => true,
      readyTimeout: 60_000,
      ...config,
    });
  });
}

/** Forwards to the echo server, as `ssh -R` does. */
function serveEcho(client: Client, to = echoPort): void {
  client.on('tcp connection', (_details, accept) => {
    const channel = accept();
    const socket = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => channel.close());
    channel.pipe(socket).pipe(channel);
  });
}

function forward(client: Client, address: string, wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    client.forwardIn(address, wanted, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
}

async function tunnelUp(config?: Partial<ConnectConfig>): Promise<Client> {
  const client = await connectRouter(config);
  serveEcho(client);
  await forward(client, 'localhost', port);
  return client;
}

/** Sends all of it, ends its half, and returns what came back until the other half ended. */
function roundTrip(stream: Duplex, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.once('end', () => resolve(Buffer.concat(parts)));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('closed before its end')));
    stream.end(bytes);
  });
}

function toPort(to: number, host = '127.0.0.1'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: to, host, allowHalfOpen: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

const closed = (client: Client) => new Promise<void>((resolve) => client.once('close', () => resolve()));

describe('a router with its key', () => {
  test('opens its port on the loopback, and bytes pass both ways with half-close', async () => {
    await tunnelUp();
    const bytes = randomBytes(3_000_000);
    expect((await roundTrip(await toPort(port), bytes)).equals(bytes)).toBe(true);
    expect((await roundTrip(await server.openChannel(routerId), bytes)).equals(bytes)).toBe(true);
    expect(server.list()).toMatchObject([{ routerId, organisationId, port, tunnel: { up: true } }]);
    await waitUntil('a latency is known', () => server.list()[0]?.tunnel.latencyMs !== null);
  });

  test('listens on 127.0.0.1 only, whatever address it asks for', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
    for (const address of ['0.0.0.0', '', '::', '127.0.0.1']) {
      const client = await connectRouter();
      serveEcho(client);
      await forward(client, address, port);
      expect((await roundTrip(await toPort(port), Buffer.from('x'))).toString()).toBe('x');
      await expect(toPort(port, '127.0.0.2')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      if (outside !== undefined) await expect(toPort(port, outside)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      client.end();
      await waitUntil('the tunnel is down', () => server.up === 0);
    }
  });

  test('gets no other port, no other address and no second forward', async () => {
    const client = await connectRouter();
    for (const [address, wanted] of [
      ['localhost', otherPort],
      ['localhost', 0],
      ['localhost', port + 1],
      ['192.0.2.1', port],
      ['example.org', port],
    ] as const) {
      await expect(forward(client, address, wanted)).rejects.toThrow();
    }
    await forward(client, 'localhost', port);
    await expect(forward(client, '127.0.0.1', port)).rejects.toThrow();
    expect(server.up).toBe(1);
  });

  test('gets nothing but its forward', async () => {
    const client = await tunnelUp();
    const refused = (open: (done: (error?: Error | null) => void) => void) =>
      expect(
        new Promise<void>((resolve, reject) => open((error) => (error ? reject(error) : resolve()))),
      ).rejects.toThrow();
    await refused((done) => client.shell(done));
    await refused((done) => client.exec('id', done));
    await refused((done) => client.subsys('sftp', done));
    await refused((done) => client.forwardOut('127.0.0.1', 1, '127.0.0.1', echoPort, done));
    await refused((done) => client.openssh_forwardOutStreamLocal('/var/run/docker.sock', done));
    await refused((done) => client.openssh_forwardInStreamLocal('/tmp/any.sock', done));
    expect((await roundTrip(await toPort(port), Buffer.from('still up'))).toString()).toBe('still up');
  });

  test('stops listening as soon as it is gone, and says so', async () => {
    const client = await tunnelUp();
    const open = await toPort(port);
    const cut = new Promise<void>((resolve) => {
      open.once('end', resolve).once('error', () => resolve());
    });
    open.resume();
    client.end();
    await cut;
    open.destroy();
    await waitUntil('the tunnel is down', () => server.list()[0]?.tunnel.up === false);
    await expect(toPort(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(server.openChannel(routerId)).rejects.toThrow(/down/u);
    expect(events.at(-1)).toMatchObject({ routerId, tunnel: { up: false, latencyMs: null } });
  });

  test('takes over from its own older connection', async () => {
    const before = await tunnelUp();
    const gone = closed(before);
    const after = await connectRouter();
    const marker = createServer((socket) => socket.end('the new one'));
    const markerPort = await listen(marker);
    serveEcho(after, markerPort);
    await forward(after, 'localhost', port);
    await gone;
    expect((await roundTrip(await toPort(port), Buffer.alloc(0))).toString()).toBe('the new one');
    expect(server.up).toBe(1);
    marker.close();
  });

  test('is cut off when it is dropped', async () => {
    const client = await tunnelUp();
    const gone = closed(client);
    expect(await server.drop(routerId)).toBe(true);
    await gone;
    expect([server.up, server.list()]).toEqual([0, []]);
    expect(await server.drop(routerId)).toBe(false);
    await expect(toPort(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('has at most 64 channels', async () => {
    await tunnelUp();
    const channels = await Promise.all(Array.from({ length: 64 }, () => server.openChannel(routerId)));
    await expect(server.openChannel(routerId)).rejects.toThrow(/no channel left/u);
    for (const channel of channels) channel.destroy();
    const again = await retry(() => server.openChannel(routerId));
    expect((await roundTrip(again, Buffer.from('again'))).toString()).toBe('again');
  });
});

async function retry<T>(open: () => Promise<T>): Promise<T> {
  let opened: T | undefined;
  await waitUntil('a channel is free again', async () => (opened = await open().catch(() => undefined)) !== undefined);
  return opened as T;
}

describe('everybody else', () => {
  test.each<[string, () => Partial<ConnectConfig>]>([
    ['an unknown key', () => ({ privateKey: stranger.privateKey })],
    ['another user name', () => ({ username: 'root' })],
    ['a password', () => ({ privateKey: undefined, password: 'tunnel' })],
    [
      'the key of a router whose tunnel somebody else holds',
      () => {
        registry.add({ routerId, organisationId, port, attachment: 'manual' });
        return {};
      },
    ],
  ])('is refused with %s', async (_what, config) => {
    await expect(connectRouter(config())).rejects.toThrow(/authentication methods failed/u);
    expect(server.up).toBe(0);
  });

  /** Offers public keys in turn and signs with whatever it is told to. */
  class Agent extends ssh2.BaseAgent {
    readonly #offers: readonly string[];
    readonly #signWith: (publicKey: string) => string | null;

    constructor(offers: readonly string[], signWith: (publicKey: string) => string | null) {
      super();
      this.#offers = offers;
      this.#signWith = signWith;
    }

    override getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
      done(
        undefined,
        this.#offers.map((key) => ssh2.utils.parseKey(key) as ParsedKey),
      );
    }

    override sign(key: ParsedKey, data: Buffer, ...rest: unknown[]): void {
      const done = rest.at(-1) as (error: Error | undefined, signature?: Buffer) => void;
      const secret = this.#signWith(`${key.type} ${key.getPublicSSH().toString('base64')}`);
      if (secret === null) done(new Error('no private key'));
      else done(undefined, (ssh2.utils.parseKey(secret) as ParsedKey).sign(data));
    }
  }
  const withAgent = (...args: ConstructorParameters<typeof Agent>) =>
    connectRouter({ privateKey: undefined, agent: new Agent(...args) as unknown as string });

  test('is refused when it claims a known key and signs with another', async () => {
    await expect(withAgent([other.publicKey], () => stranger.privateKey)).rejects.toThrow(
      /authentication methods failed/u,
    );
    expect(server.up).toBe(0);
  });

  test('is not asked for ever about a key that it only offers', async () => {
    let lookups = 0;
    const findByKey = registry.findByKey.bind(registry);
    registry.findByKey = (key) => {
      lookups += 1;
      return findByKey(key);
    };
    await expect(
      withAgent(
        Array.from({ length: 40 }, () => other.publicKey),
        () => null,
      ),
    ).rejects.toThrow();
    expect(lookups).toBeGreaterThan(0);
    expect(lookups).toBeLessThanOrEqual(12);
  });

  test('is who signed, not who was offered before', async () => {
    const client = await withAgent([other.publicKey, mine.publicKey], (key) =>
      key === mine.publicKey ? mine.privateKey : null,
    );
    await expect(forward(client, 'localhost', otherPort)).rejects.toThrow();
    await forward(client, 'localhost', port);
    expect(server.list()).toMatchObject([{ routerId }]);
  });

  test('is cut off when it proves nothing in time, and few may try at once', async () => {
    await server.close();
    server = await startServer({ pending: 3, pendingPerAddress: 2, graceMs: 1_500 });
    const ends = () =>
      toPort(server.port).then(
        (socket) =>
          new Promise<number>((resolve) => {
            let bytes = 0;
            socket.on('data', (part: Buffer) => (bytes += part.length));
            socket.on('error', () => {});
            socket.once('close', () => resolve(bytes));
            socket.once('end', () => socket.end());
          }),
      );
    const outcomes = await Promise.all([ends(), ends(), ends(), ends()]);
    // Two were greeted and timed out, two were turned away at the door.
    expect(outcomes.filter((bytes) => bytes > 0)).toHaveLength(2);
    await tunnelUp();
  });
});

describe('real clients', () => {
  const cases: [string, () => [string, string[]]][] = [
    [
      'OpenSSH',
      () => [
        'ssh',
        [
          '-N',
          '-F',
          'none',
          '-o',
          'BatchMode=yes',
          '-o',
          'StrictHostKeyChecking=no',
          '-o',
          'UserKnownHostsFile=/dev/null',
          '-o',
          'ExitOnForwardFailure=yes',
          '-i',
          join(directory, 'key'),
          '-p',
          String(server.port),
          '-R',
          `${port}:127.0.0.1:${echoPort}`,
          'tunnel@127.0.0.1',
        ],
      ],
    ],
    [
      'Dropbear',
      () => [
        'dbclient',
        [
          '-N',
          '-y',
          '-y',
          '-i',
          join(directory, 'dropbear'),
          '-p',
          String(server.port),
          '-R',
          `${port}:127.0.0.1:${echoPort}`,
          'tunnel@127.0.0.1',
        ],
      ],
    ],
  ];
  test.each(cases)('%s holds a tunnel open', async (_name, command) => {
    const [program, args] = command();
    children.add(spawn(program, args, { stdio: 'ignore' }));
    await waitUntil('the tunnel is up', () => server.up === 1);
    const bytes = randomBytes(1_000_000);
    expect((await roundTrip(await toPort(port), bytes)).equals(bytes)).toBe(true);
    await waitUntil('a latency is known', () => server.list()[0]?.tunnel.latencyMs !== null);
  });

  test('OpenSSH gets neither a command nor a way out', async () => {
    const common = [
      '-F',
      'none',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-i',
      join(directory, 'key'),
      '-p',
      String(server.port),
    ];
    await expect(run('ssh', [...common, 'tunnel@127.0.0.1', 'id'], { timeout: 60_000 })).rejects.toMatchObject({
      code: 255,
    });
    await expect(
      run('ssh', [...common, '-W', `127.0.0.1:${echoPort}`, 'tunnel@127.0.0.1'], { timeout: 60_000 }),
    ).rejects.toMatchObject({ code: 255 });
  });
});

test('when routers were seen is written', async () => {
  await tunnelUp();
  await server.close();
  expect(registry.seen).toContain(routerId);
});
