import { randomBytes } from 'node:crypto';
import { docker, dockerCommand } from '../local/docker.ts';
import { DEMO_ROUTER_IMAGE } from './image.ts';

export interface DemoRouterOptions {
  /** Host name on the router and part of the container's name: letters, digits and hyphens. */
  name: string;
  /** Docker network it is on; Docker's own bridge when left out. */
  network?: string;
  /** Local ports of the router that lead to `address:port` outside, as if that were on the router's own loopback. */
  uplinks?: readonly { port: number; address: string; toPort?: number }[];
  /** Root's password; without one root signs in by key only. */
  password?: string;
  /** Packages of its feed that are installed already, e.g. `tc-tiny`; a stock router has none of them. */
  packages?: readonly string[];
  /** Value of the label `netpilot.instance`: whose it is. */
  instance: string;
}

export interface ExecOutcome {
  code: number | null;
  /** Standard output, then standard error. */
  output: string;
}

export interface DemoRouter {
  containerId: string;
  /** IPv4 address on its network; SSH listens on port 22. */
  address: string;
  /** Runs a line in the router's shell as root, at most `timeoutMs` milliseconds (default 60 000). */
  exec(line: string, options?: { timeoutMs?: number; input?: string }): Promise<ExecOutcome>;
  /** Kills and removes the container. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts an OpenWrt-like router; its SSH server answers when this returns.
 * @throws Error when the container cannot be started or its SSH server does not come up in 60 seconds.
 */
export async function startDemoRouter(options: DemoRouterOptions): Promise<DemoRouter> {
  const containerName = `netpilot-demo-router-${options.name}-${randomBytes(3).toString('hex')}`;
  const containerId = await docker([
    'create',
    `--name=${containerName}`,
    `--hostname=${options.name}`,
    `--network=${options.network ?? 'bridge'}`,
    '--label=netpilot=demo-router',
    `--label=netpilot.instance=${options.instance}`,
    '--restart=no',
    '--log-driver=none',
    '--memory=128m',
    '--pids-limit=256',
    // What a router is there for: addresses, routes, nftables and tc of its own network namespace.
    '--cap-add=NET_ADMIN',
    '--sysctl=net.ipv4.ip_forward=1',
    '--sysctl=net.ipv6.conf.all.disable_ipv6=0',
    '--sysctl=net.ipv6.conf.default.disable_ipv6=0',
    '--sysctl=net.ipv6.conf.all.forwarding=1',
    DEMO_ROUTER_IMAGE,
  ]);
  const router: DemoRouter = {
    containerId,
    address: '',
    async exec(line, { timeoutMs = 60_000, input } = {}) {
      const stdin = input === undefined ? [] : ['-i'];
      const result = await dockerCommand(['exec', ...stdin, containerId, '/bin/ash', '-c', line], {
        timeoutMs,
        ...(input === undefined ? {} : { input }),
      });
      return { code: result.code, output: result.stdout + result.stderr };
    },
    async stop() {
      await dockerCommand(['rm', '-fv', containerId]);
    },
  };
  try {
    await docker(['start', containerId]);
    router.address = await docker([
      'inspect',
      '-f',
      '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
      containerId,
    ]);
    await configure(router, options);
    return router;
  } catch (error) {
    await router.stop();
    throw error;
  }
}

async function configure(router: DemoRouter, options: DemoRouterOptions): Promise<void> {
  const must = async (line: string, input?: string) => {
    const { code, output } = await router.exec(line, input === undefined ? {} : { input });
    if (code !== 0)
      throw new Error(`the demo router ${options.name} failed at "${line}": ${output.trim().slice(-300)}`);
  };
  if (options.password !== undefined) await must('passwd root', `${options.password}\n${options.password}\n`);
  const packages = (options.packages ?? []).join(' ');
  // There may be no Internet yet to fetch a list of them from; the packages themselves are on the router.
  const lists = '/var/opkg-lists';
  if (packages !== '') {
    await must(`mkdir -p ${lists} && : > ${lists}/openwrt_base && opkg install ${packages} && rm -rf ${lists}`);
  }
  const uplinks = (options.uplinks ?? []).map((to) => `${to.port} ${to.address} ${to.toPort ?? to.port}\n`);
  if (uplinks.length > 0) await must('cat > /etc/uplink && /etc/init.d/uplink restart', uplinks.join(''));
  // 0016 is port 22; state 0A is LISTEN (proc_net_tcp in the kernel's documentation).
  await must(
    'for i in $(seq 600); do grep -q ":0016 0*:0000 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null && exit 0; /usr/libexec/demo/bin/usleep 100000; done; exit 1',
  );
}
