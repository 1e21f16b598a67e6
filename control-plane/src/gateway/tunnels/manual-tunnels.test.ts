import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { GatewayTunnel } from '../../../contract/gateway.ts';
import type { RegisteredRouter } from '@netpilot/db/tunnel-registry.ts';
import { ManualTunnels } from './manual-tunnels.ts';
import { TunnelStates } from './tunnel-states.ts';

const servers: Server[] = [];
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listen(greet: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    greet(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return { server, port: (server.address() as AddressInfo).port };
}

function watch(routers: RegisteredRouter[], range = { low: 1_024, high: 65_535 }) {
  const told: GatewayTunnel[] = [];
  const states = new TunnelStates({
    registry: { recordSeen: async () => {} },
    changed: (tunnel) => told.push(tunnel),
    failed: (error) => {
      throw error;
    },
  });
  const log = { warn: () => {} };
  const manual = new ManualTunnels({ registry: { list: async () => routers }, range, states, log });
  closers.push(
    () => manual.close(),
    () => states.close(),
  );
  return { manual, states, told };
}

const router = (port: number, attachment: 'manual' | 'enrolled' = 'manual'): RegisteredRouter => ({
  routerId: `router on ${port}`,
  organisationId: 'organisation',
  port,
  attachment,
});

describe('the tunnels that somebody else holds', () => {
  test('are up while an SSH server answers, and down when it is gone', async () => {
    const { server, port } = await listen((socket) => socket.write('SSH-2.0-dropbear\r\n'));
    const { manual, states } = watch([router(port)]);
    await manual.look();
    expect(states.list()).toMatchObject([{ port, tunnel: { up: true, latencyMs: expect.any(Number) } }]);
    const { since } = states.list()[0]?.tunnel ?? {};
    await manual.look();
    expect(states.list()).toMatchObject([{ tunnel: { up: true, since } }]);
    servers.splice(servers.indexOf(server), 1);
    await new Promise((resolve) => server.close(resolve));
    await manual.look();
    expect(states.list()).toMatchObject([{ tunnel: { up: false, latencyMs: null } }]);
  });

  test('are not up for anything that is no SSH server', async () => {
    const { port } = await listen((socket) => socket.end('220 mail\r\n'));
    const { manual, told } = watch([router(port)]);
    await manual.look();
    expect(told).toEqual([]);
  });

  test('outside of their range are never connected to, and enrolled ones are the tunnel server’s', async () => {
    let connections = 0;
    const { port } = await listen((socket) => {
      connections += 1;
      socket.end('SSH-2.0-x\r\n');
    });
    await watch([router(port)], { low: port + 1, high: 65_535 }).manual.look();
    await watch([router(port, 'enrolled')]).manual.look();
    expect(connections).toBe(0);
    await watch([router(port)]).manual.look();
    expect(connections).toBe(1);
  });
});
