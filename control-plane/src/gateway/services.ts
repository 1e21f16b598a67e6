import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { Calls } from './calls.ts';
import type { GatewayConfig } from './config.ts';
import { ControlServer } from './control-server.ts';
import { EventFeed } from './event-feed.ts';
import { createMetrics } from './metrics.ts';
import { Assignments } from './sandboxes/assignments.ts';
import { DockerEngine } from './sandboxes/docker-engine.ts';
import type { Engine } from './sandboxes/engine.ts';
import { LifeCycle } from './sandboxes/life-cycle.ts';
import { Reaper } from './sandboxes/reaper.ts';
import { SandboxYard } from './sandboxes/sandbox-yard.ts';
import { StartQueue } from './sandboxes/start-queue.ts';
import { WarmPool } from './sandboxes/warm-pool.ts';
import { readHostKey } from './tunnels/host-key.ts';
import type { TunnelRegistry } from '@netpilot/db/tunnel-registry.ts';
import { ManualTunnels } from './tunnels/manual-tunnels.ts';
import { TunnelServer } from './tunnels/tunnel-server.ts';

/** Everybody in all, and one person, that may wait for a sandbox. */
const WAITING = 1_000;
const WAITING_PER_USER = 10;

export interface Gateway {
  readonly calls: Calls;
  readonly tunnels: TunnelServer;
  readonly lifeCycle: LifeCycle;
  readonly pool: WarmPool;
  readonly reaper: Reaper;
  /** Takes over what an earlier process left, then opens the tunnel port and the control socket. */
  start(): Promise<void>;
  /** Closes every listener, relay and timer; sandboxes run on. Idempotent. */
  close(): Promise<void>;
}

/**
 * The composition root: the only place that chooses implementations.
 * @param parts.registry closed together with the gateway.
 * @param parts.engine Docker unless a test brings another one.
 */
export async function buildGateway(
  config: GatewayConfig,
  parts: { registry: TunnelRegistry; log: Logger; engine?: Engine },
): Promise<Gateway> {
  const { registry, log } = parts;
  const hostKey = await readHostKey(config.hostKeyFile);
  const engine = parts.engine ?? new DockerEngine(config.dockerSocket);
  const instance = config.instance ?? hostKey.instance;
  const image = config.sessionImage;
  await mkdir(config.runDirectory, { recursive: true, mode: 0o755 });

  const yard = new SandboxYard({ engine, directory: join(config.runDirectory, 'sessions'), instance });
  const assignments = new Assignments(join(config.runDirectory, 'assignments'));
  const feed: EventFeed = new EventFeed(() => ({ type: 'snapshot', ...calls.list() }));
  const tunnels = new TunnelServer({
    listen: config.tunnelListen,
    hostKey,
    registry,
    log: log.child({ part: 'tunnels' }),
    changed: (tunnel) => feed.tell({ type: 'tunnel', tunnel }),
  });
  const manualTunnels = new ManualTunnels({ registry, range: config.externalPorts, states: tunnels.states, log });
  const queue: StartQueue = new StartQueue({
    limits: {
      sessions: config.sessionCap,
      perOrganisation: config.organisationCap,
      perUser: config.userCap,
      waiting: WAITING,
      waitingPerUser: WAITING_PER_USER,
    },
    admitted: (applicant) => lifeCycle.admitted(applicant),
    moved: (sessionId, place) => lifeCycle.moved(sessionId, place),
  });
  const sandboxLog = log.child({ part: 'sandboxes' });
  const pool = new WarmPool({ ...config.warmPool, yard, engine, queue, image, log: sandboxLog });
  const lifeCycle: LifeCycle = new LifeCycle({
    engine,
    image,
    yard,
    pool,
    queue,
    assignments,
    openChannel: (routerId) => tunnels.openChannel(routerId),
    changed: (session) => feed.tell({ type: 'session', session }),
    log: sandboxLog,
  });
  const reaper = new Reaper({ engine, instance, image, yard, pool, lifeCycle, assignments, log: sandboxLog });
  const { tunnelPorts, externalPorts } = config;
  const calls: Calls = new Calls({
    engine,
    registry,
    tunnels,
    lifeCycle,
    queue,
    pool,
    reaper,
    hostKey,
    tunnelPorts,
    externalPorts,
  });
  const metrics = createMetrics({
    sandboxes: () => lifeCycle.sandboxes,
    queued: () => queue.waiting,
    warm: () => pool.ready,
    tunnels: () => tunnels.up,
    eventReaders: () => feed.readers,
  });
  const control = new ControlServer({
    socket: config.socket,
    answer: (call) => calls.answer(call),
    feed,
    metrics: () => metrics.metrics(),
    log: log.child({ part: 'control' }),
  });

  let closing: Promise<void> | null = null;
  const close = async () => {
    await control.close();
    await reaper.close();
    await pool.close();
    await lifeCycle.close();
    await queue.idle();
    await manualTunnels.close();
    await tunnels.close();
    await registry.close();
  };
  return {
    calls,
    tunnels,
    lifeCycle,
    pool,
    reaper,
    start: async () => {
      await yard.prepare();
      await assignments.prepare();
      await reaper.start();
      await tunnels.listen();
      manualTunnels.start();
      await control.listen();
    },
    close: () => (closing ??= close()),
  };
}
