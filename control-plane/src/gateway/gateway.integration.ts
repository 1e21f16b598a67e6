import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { asRole, seedTenant } from '@netpilot/db/test/tenant.ts';
import { startTestPostgres } from '@netpilot/db/test/test-postgres.ts';
import { openTunnelRegistry } from '@netpilot/db/tunnel-registry.ts';
import { buildSessionImage, ensureBaseImage } from '@netpilot/session-image/build.ts';
import Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import ssh2 from 'ssh2';
import type { GatewaySession } from '../../contract/gateway.ts';
import { readConfig } from './config.ts';
import type { GatewayConfig } from './config.ts';
import { buildGateway } from './services.ts';
import type { Gateway } from './services.ts';
import { makeKey } from './test/keys.ts';
import { MemoryRegistry } from './test/memory-registry.ts';
import { waitUntil } from './test/wait-until.ts';

const docker = new Docker({ socketPath: '/var/run/docker.sock' });
const log = pino({ level: 'silent' });
/** A name of its own: nobody rebuilds it under a running test. */
const IMAGE = 'netpilot-session-gateway-test';
const organisationId = randomUUID();
const userId = randomUUID();
const routerId = randomUUID();

let directory: string;
let external: Server;
let config: GatewayConfig;
let gateway: Gateway;

beforeAll(async () => {
  const quiet = { log: () => {} };
  await buildSessionImage({ name: IMAGE, base: await ensureBaseImage(quiet), ...quiet });
  // What a tunnel of somebody else's would end in: a port of the loopback that answers.
  external = createServer({ allowHalfOpen: true }, (socket) => void socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => external.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  external?.close();
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gw-'));
  await writeFile(join(directory, 'host'), makeKey().privateKey);
  const { port } = external.address() as AddressInfo;
  config = {
    ...readConfig({
      NETPILOT_RUN_DIRECTORY: join(directory, 'run'),
      NETPILOT_GATEWAY_DATABASE_URL_FILE: '/unused',
      NETPILOT_HOST_KEY_FILE: join(directory, 'host'),
      NETPILOT_INSTANCE: `test-${randomUUID().slice(0, 8)}`,
      NETPILOT_SESSION_IMAGE: IMAGE,
      NETPILOT_WARM_POOL: '1',
      NETPILOT_USER_CAP: '1',
    }),
    tunnelListen: { host: '127.0.0.1', port: 0 },
    externalPorts: { low: port, high: port },
  };
  gateway = await startGateway();
});
afterEach(async () => {
  await gateway?.close();
  for (const { Id } of await containers()) await docker.getContainer(Id).remove({ force: true });
  await rm(directory, { recursive: true, force: true });
});

async function startGateway(): Promise<Gateway> {
  const registry = new MemoryRegistry();
  const { port } = external.address() as AddressInfo;
  registry.add({ routerId, organisationId, port, attachment: 'manual' });
  const built = await buildGateway(config, { registry, log });
  await built.start();
  return built;
}

const containers = () =>
  docker.listContainers({ all: true, filters: { label: [`netpilot.instance=${config.instance}`] } });
const start = (sessionId: string) =>
  gateway.calls.answer({ verb: 'start_session', sessionId, organisationId, userId, routerId, priority: 0 });
const end = (sessionId: string) => gateway.calls.answer({ verb: 'end_session', sessionId });
const session = (sessionId: string): GatewaySession | undefined =>
  gateway.lifeCycle.list().find((one) => one.sessionId === sessionId);
const inState = (sessionId: string, state: GatewaySession['state']) =>
  waitUntil(`the session is ${state}`, () => session(sessionId)?.state === state);
const warm = () => waitUntil('a sandbox is warm', () => gateway.pool.ready === 1);

/** What comes back through the sandbox's own way out. */
function throughRelay(sandboxId: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({
      path: join(config.runDirectory, 'sessions', sandboxId, 'tunnel.sock'),
      allowHalfOpen: true,
    });
    socket.on('data', (part: Buffer) => (answer += part.toString()));
    socket.once('end', () => resolve(answer)).once('error', reject);
    socket.end(text);
  });
}

async function nothingLeft(): Promise<void> {
  const pool = gateway.pool.ready;
  expect(await containers()).toHaveLength(pool);
  expect(await readdir(join(config.runDirectory, 'sessions'))).toHaveLength(pool);
  expect(await readdir(join(config.runDirectory, 'assignments'))).toEqual([]);
}

describe('a gateway with real containers', () => {
  test('starts a session, leads it to its router, and leaves nothing of it', async () => {
    const sessionId = randomUUID();
    await warm();
    await start(sessionId);
    await inState(sessionId, 'ready');
    const ready = session(sessionId);
    expect(ready).toMatchObject({ cause: null, imageDigest: expect.stringMatching(/^sha256:/u) });
    expect(await throughRelay(ready?.sandboxId ?? '', 'to the router')).toBe('to the router');
    expect(await start(sessionId)).toEqual(ready);

    // The engine's own word on what the specification asked for.
    const sandbox = (await containers()).find(({ Labels }) => Labels['netpilot.sandbox'] === ready?.sandboxId);
    const { HostConfig, NetworkSettings, State } = await docker.getContainer(sandbox?.Id ?? '').inspect();
    expect(HostConfig).toMatchObject({ NetworkMode: 'none', ReadonlyRootfs: true, Memory: 201_326_592, PidsLimit: 64 });
    expect(Object.keys(NetworkSettings.Networks)).toEqual(['none']);
    // And the kernel's.
    const status = await readFile(`/proc/${State.Pid}/status`, 'utf8');
    for (const line of [
      'Uid:\t65532\t65532',
      'CapEff:\t0000000000000000',
      'CapBnd:\t0000000000000000',
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
    ]) {
      expect(status).toContain(line);
    }
    for (const namespace of ['net', 'ipc', 'pid', 'uts', 'mnt', 'cgroup']) {
      expect(await readlink(`/proc/${State.Pid}/ns/${namespace}`)).not.toBe(
        await readlink(`/proc/self/ns/${namespace}`),
      );
    }

    await warm();
    expect(await end(sessionId)).toEqual({ ended: true });
    expect(session(sessionId)).toMatchObject({ state: 'gone', cause: 'ended', sandboxId: null });
    expect(await end(sessionId)).toEqual({ ended: false });
    await nothingLeft();
  });

  test('makes the second session of a person wait, and lets a place be given up', async () => {
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    await start(first);
    expect(await start(second)).toMatchObject({ state: 'queued', queue: { position: 1 } });
    expect(await start(third)).toMatchObject({ state: 'queued', queue: { position: 2 } });
    await inState(first, 'ready');
    await end(second);
    expect(session(third)).toMatchObject({ state: 'queued', queue: { position: 1 } });
    await end(first);
    await inState(third, 'ready');
    await end(third);
  });

  test('says what became of a container that ends by itself', async () => {
    const sessionId = randomUUID();
    await start(sessionId);
    await inState(sessionId, 'ready');
    const sandboxId = session(sessionId)?.sandboxId;
    const sandbox = (await containers()).find(({ Labels }) => Labels['netpilot.sandbox'] === sandboxId);
    await docker.getContainer(sandbox?.Id ?? '').kill();
    await inState(sessionId, 'gone');
    expect(session(sessionId)).toMatchObject({ cause: 'exited', detail: expect.stringContaining('137') });
    await warm();
    await nothingLeft();
  });

  test('takes its sessions over after a restart, and removes what is nobody’s', async () => {
    const [kept, lost] = [randomUUID(), randomUUID()];
    config = { ...config, userCap: 5 };
    await gateway.close();
    gateway = await startGateway();
    await Promise.all([start(kept), start(lost)]);
    await Promise.all([inState(kept, 'ready'), inState(lost, 'ready')]);
    await warm();
    const before = session(kept);
    const gone = (await containers()).find(({ Labels }) => Labels['netpilot.sandbox'] === session(lost)?.sandboxId);
    await gateway.close();

    await docker.getContainer(gone?.Id ?? '').remove({ force: true });
    const orphan = await docker.createContainer({
      Image: config.sessionImage,
      Labels: { netpilot: 'session', 'netpilot.instance': config.instance ?? '', 'netpilot.sandbox': randomUUID() },
    });
    await mkdir(join(config.runDirectory, 'sessions', randomUUID()));

    gateway = await startGateway();
    expect(session(kept)).toEqual(before);
    expect(session(lost)).toMatchObject({ state: 'gone', cause: 'lost' });
    expect(await throughRelay(before?.sandboxId ?? '', 'still there')).toBe('still there');
    expect((await containers()).map(({ Id }) => Id)).not.toContain(orphan.id);
    await end(kept);
    await warm();
    await nothingLeft();
  });

  test('refuses a router that is not there, or not the organisation’s, or leads elsewhere', async () => {
    const call = {
      verb: 'start_session',
      sessionId: randomUUID(),
      organisationId,
      userId,
      routerId,
      priority: 0,
    } as const;
    await expect(gateway.calls.answer({ ...call, routerId: randomUUID() })).rejects.toMatchObject({
      code: 'unknown_router',
    });
    await expect(gateway.calls.answer({ ...call, organisationId: randomUUID() })).rejects.toMatchObject({
      code: 'unknown_router',
    });
    await gateway.close();
    config = { ...config, externalPorts: { low: 1_024, high: 1_024 } };
    gateway = await startGateway();
    await expect(gateway.calls.answer(call)).rejects.toMatchObject({ code: 'unknown_router' });
    expect(gateway.lifeCycle.list()).toEqual([]);
  });
});

test('with the real registry a router dials in on the port that it was given', async () => {
  const server = await startTestPostgres();
  try {
    const database = await server.freshDatabase();
    const tenant = await seedTenant(database.ownerUrl);
    const key = makeKey();
    await asRole(database.ownerUrl, { organisations: 'all' }, (client) =>
      client.query('update routers set tunnel_key = $1 where id = $2', [key.publicKey, tenant.routerId]),
    );
    const registry = await openTunnelRegistry({ url: database.gatewayUrl });
    const own = {
      ...config,
      runDirectory: join(directory, 'own'),
      socket: join(directory, 'own', 's'),
      warmPool: { least: 0, most: 0 },
    };
    const real = await buildGateway(own, { registry, log });
    try {
      await real.start();
      const allocated = await real.calls.answer({ verb: 'allocate_port', routerId: tenant.routerId });
      const { port } = allocated as { port: number };
      expect(port).toBeGreaterThanOrEqual(config.tunnelPorts.low);
      await expect(real.calls.answer({ verb: 'allocate_port', routerId: randomUUID() })).rejects.toMatchObject({
        code: 'unknown_router',
      });
      const router = new ssh2.Client();
      await new Promise<void>((resolve, reject) => {
        router
          .on('error', reject)
          .once('ready', () => router.forwardIn('localhost', port, (error) => (error ? reject(error) : resolve())));
        router.connect({
          host: '127.0.0.1',
          port: real.tunnels.port,
          username: 'tunnel',
          privateKey: key.privateKey,
          hostVerifier: () => true,
          readyTimeout: 60_000,
        });
      });
      expect(real.tunnels.list()).toMatchObject([
        { routerId: tenant.routerId, organisationId: tenant.organisationId, port },
      ]);
      router.destroy();
    } finally {
      await real.close();
    }
    const [row] = await asRole(
      database.ownerUrl,
      { organisations: 'all' },
      async (client) => (await client.query('select last_seen_at from routers where id = $1', [tenant.routerId])).rows,
    );
    expect(row?.last_seen_at).toBeInstanceOf(Date);
  } finally {
    await server.destroy();
  }
});
