import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@netpilot/db/database.ts';
import ssh2 from 'ssh2';
import { eventually } from '../../test/harness/eventually.ts';
import { freePorts } from '../../test/harness/free-ports.ts';
import { atMost, forComparison, type Measure } from '../measure.ts';
import { processorMs, residentBytes } from '../process-usage.ts';
import { type Desk, onStage, pause, type Stage } from '../stage.ts';
import { single, summarise } from '../statistics.ts';
import type { TunnelOrders, TunnelReport } from '../tunnel-clients.ts';

const TUNNELS = { quick: 100, full: 1_000 };
/** After the last one connected, and while the processor is watched: four rounds of keep-alives. In milliseconds. */
const SETTLE_MS = { quick: 2_000, full: 20_000 };
const WATCH_MS = { quick: 16_000, full: 60_000 };
const KILOBYTE = 1_000;

/** A thousand routers dial in and stay: how fast, and what the gateway pays for them. */
export async function measureTunnels(quick: boolean): Promise<Measure[]> {
  const count = quick ? TUNNELS.quick : TUNNELS.full;
  const low = await freePorts(count + 1);
  const range = { NETPILOT_TUNNEL_PORTS: `${low}-${low + count}` };
  return onStage({ warmPool: 0, gateway: range }, async (stage) => {
    // The desk's own router has the lowest port and its tunnel is up: what the first tunnel costs is paid.
    const desk = await stage.desk('alice');
    const routers = await register(stage, desk, low + 1, count);
    const { pid } = stage.bastion.gateway;
    await pause(quick ? SETTLE_MS.quick : SETTLE_MS.full);
    const before = residentBytes(pid);
    const clients = fork(fileURLToPath(new URL('../tunnel-clients.ts', import.meta.url)), {
      serialization: 'advanced',
    });
    try {
      const { each, seconds } = await connect(clients, {
        serverPort: stage.bastion.tunnelPort,
        user: (await stage.health()).tunnelUser,
        routers,
      });
      await pause(quick ? SETTLE_MS.quick : SETTLE_MS.full);
      const memory = (residentBytes(pid) - before) / count / KILOBYTE;
      const begin = performance.now();
      const spent = processorMs(pid);
      await pause(quick ? WATCH_MS.quick : WATCH_MS.full);
      const share = ((processorMs(pid) - spent) / (performance.now() - begin)) * 100;
      if (clients.exitCode !== null) throw new Error('the clients ended');
      return [
        forComparison({ name: `connecting ${count} tunnels`, unit: 'tunnels/s', ours: single(count / seconds) }),
        forComparison({ name: '  each, twelve at a time', unit: 'ms', ours: summarise(each) }),
        atMost({ name: `memory of a tunnel, gateway, ${count} up`, unit: 'KB', ours: single(memory) }, 150, 'median'),
        atMost({ name: `gateway's processor, ${count} idle tunnels`, unit: '%', ours: single(share) }, 5, 'median'),
      ];
    } finally {
      await end(clients);
    }
  });
}

/** Writes enrolled routers straight into the database. */
async function register(
  stage: Stage,
  desk: Desk,
  low: number,
  count: number,
): Promise<TunnelOrders['routers'][number][]> {
  const { id: ownerId } = await desk.person.me();
  const { organisationId } = desk;
  const database = await openDatabase({ url: stage.bastion.database.apiUrl, poolSize: 1 });
  try {
    const routers = Array.from({ length: count }, (_, index) => {
      const { privateKey, publicKey } = keyPair();
      return { privateKey, tunnelKey: publicKey.split(' ').slice(0, 2).join(' '), port: low + index };
    });
    await database.transaction({ organisations: [organisationId], userId: ownerId }, async (transaction) => {
      await database.models.Router.bulkCreate(
        routers.map(({ tunnelKey, port }) => ({
          organisationId,
          ownerId,
          name: `Router ${port}`,
          userName: 'root',
          attachment: 'enrolled' as const,
          authentication: 'bastion_key' as const,
          tunnelPort: port,
          tunnelKey,
          hostKey: null,
          pendingHostKey: null,
          bastionPublicKey: null,
          credential: null,
          enrolmentTokenHash: null,
          enrolmentExpiresAt: null,
          enrolledAt: new Date(),
          lastSeenAt: null,
        })),
        { transaction },
      );
    });
    return routers.map(({ privateKey, port }) => ({ privateKey, port }));
  } finally {
    await database.close();
  }
}

/** ssh2 writes a key now and then so that it cannot read it itself. */
function keyPair(): { privateKey: string; publicKey: string } {
  for (;;) {
    const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(privateKey) instanceof Error)) return { privateKey, publicKey };
  }
}

/** Has the clients dial in. @returns how long each took in milliseconds, and all of them in seconds. */
async function connect(clients: ChildProcess, orders: TunnelOrders): Promise<{ each: number[]; seconds: number }> {
  const each: number[] = [];
  const lost: string[] = [];
  let ready = false;
  clients.on('message', (report: TunnelReport) => {
    if (report.type === 'up') each.push(report.ms);
    else if (report.type === 'lost') lost.push(report.detail);
    else ready = true;
  });
  clients.once('exit', () => lost.push('the process ended'));
  // What is said to it before it listens is lost.
  await eventually('the clients to be ready', () => ready || lost.length > 0);
  const since = performance.now();
  clients.send(orders);
  let seconds = 0;
  await eventually('all tunnels to be up', () => {
    if (each.length === orders.routers.length) seconds ||= (performance.now() - since) / 1_000;
    return seconds > 0 || lost.length > 0;
  });
  if (lost.length > 0) throw new Error(`${lost.length} tunnels were lost: ${lost[0]}`);
  return { each, seconds };
}

async function end(clients: ChildProcess): Promise<void> {
  if (clients.exitCode !== null || clients.signalCode !== null) return;
  const gone = once(clients, 'exit');
  clients.kill('SIGKILL');
  await gone;
}
