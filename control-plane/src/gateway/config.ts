import { join } from 'node:path';
import { z } from 'zod';

/** An inclusive range of TCP ports. */
export interface PortRange {
  low: number;
  high: number;
}

/** What the process was told, checked and with every default filled in. */
export interface GatewayConfig {
  runDirectory: string;
  socket: string;
  /** Holds the postgres:// URL, with its password. */
  databaseUrlFile: string;
  tunnelListen: { host: string; port: number };
  /** Ports routers may hold; `without` is the listen port when it lies inside. */
  tunnelPorts: PortRange & { without: readonly number[] };
  /** Ports of tunnels that somebody else holds open. */
  externalPorts: PortRange;
  hostKeyFile: string;
  sessionImage: string;
  dockerSocket: string;
  sessionCap: number;
  organisationCap: number;
  userCap: number;
  /** Sandboxes kept ready, and how many recent demand may make of them. */
  warmPool: { least: number; most: number };
  /** Start no sandbox on a container runtime with known escapes. */
  requirePatchedEngine: boolean;
  /** Label value; null: derived from the host key. */
  instance: string | null;
}

/** The environment is wrong; `problems` has one line for each variable. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the environment is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const Count = (low: number, high: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/u, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(low).max(high))
    .default(fallback);

const Range = z
  .string()
  .regex(/^\d{1,5}-\d{1,5}$/u, 'must look like 2200-2299')
  .transform((text) => {
    const [low = 0, high = 0] = text.split('-').map(Number);
    return { low, high };
  })
  .refine(({ low, high }) => low >= 1024 && high <= 65_535 && low <= high, 'must lie within 1024-65535, low end first');

const Listen = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+):\d{1,5}$/u, 'must look like 0.0.0.0:2222 or [::]:2222')
  .transform((text) => {
    const at = text.lastIndexOf(':');
    return { host: text.slice(0, at).replace(/^\[|\]$/gu, ''), port: Number(text.slice(at + 1)) };
  })
  .refine(({ port }) => port <= 65_535, 'the port must be at most 65535');

const AbsolutePath = z.string().startsWith('/', 'must be an absolute path').max(4_096);

/** A path of a unix socket: Linux keeps 108 bytes of it, the last one zero. */
const SocketPath = AbsolutePath.refine(
  (path) => Buffer.byteLength(path) <= 107,
  'is longer than the 107 bytes a socket may have',
);

const Environment = z.object({
  NETPILOT_RUN_DIRECTORY: AbsolutePath.default('/run/netpilot'),
  NETPILOT_GATEWAY_SOCKET: SocketPath.optional(),
  NETPILOT_GATEWAY_DATABASE_URL_FILE: AbsolutePath,
  NETPILOT_TUNNEL_LISTEN: Listen.default({ host: '0.0.0.0', port: 2222 }),
  NETPILOT_TUNNEL_PORTS: Range.default({ low: 2200, high: 2299 }),
  NETPILOT_EXTERNAL_PORTS: Range.default({ low: 2300, high: 2399 }),
  NETPILOT_HOST_KEY_FILE: AbsolutePath,
  NETPILOT_SESSION_IMAGE: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._/:@-]{0,254}$/u, 'must be the name of an image')
    .default('netpilot-session'),
  NETPILOT_DOCKER_SOCKET: AbsolutePath.default('/var/run/docker.sock'),
  NETPILOT_SESSION_CAP: Count(1, 1_000, 100),
  NETPILOT_ORGANISATION_CAP: Count(1, 1_000, 50),
  NETPILOT_USER_CAP: Count(1, 1_000, 5),
  NETPILOT_WARM_POOL: Count(0, 50, 2),
  NETPILOT_WARM_POOL_MAX: Count(0, 50, 8),
  NETPILOT_REQUIRE_PATCHED_ENGINE: z.enum(['0', '1'], 'must be 0 or 1').default('0'),
  NETPILOT_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,63}$/u, 'must be 1 to 63 letters, digits, dots, dashes')
    .optional(),
});

/** `<run>/sessions/<uuid>/control.sock` has to fit into the 107 bytes of a socket path. */
const LONGEST_BELOW_RUN = '/sessions/00000000-0000-0000-0000-000000000000/control.sock'.length;

/**
 * Reads the NETPILOT_* variables; an empty one counts as unset, and values are never repeated in the error.
 * @throws ConfigError that names every variable that is wrong, and why.
 */
export function readConfig(environment: Record<string, string | undefined>): GatewayConfig {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Environment.safeParse(present);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map(({ path, message }) =>
        path[0] !== undefined && present[String(path[0])] === undefined
          ? `${String(path[0])} is missing`
          : `${path.join('.')} ${message}`,
      ),
    );
  }
  const values = parsed.data;
  const runDirectory = values.NETPILOT_RUN_DIRECTORY.replace(/\/+$/u, '');
  const socket = values.NETPILOT_GATEWAY_SOCKET ?? join(runDirectory, 'gateway.sock');
  const { low, high } = values.NETPILOT_TUNNEL_PORTS;
  const listenPort = values.NETPILOT_TUNNEL_LISTEN.port;
  const tunnelPorts = { low, high, without: listenPort >= low && listenPort <= high ? [listenPort] : [] };
  const externalPorts = values.NETPILOT_EXTERNAL_PORTS;
  const problems: string[] = [];
  if (Buffer.byteLength(runDirectory) + LONGEST_BELOW_RUN > 107 || Buffer.byteLength(socket) > 107) {
    problems.push('NETPILOT_RUN_DIRECTORY is too long: the sockets below it must fit into 107 bytes');
  }
  if (high - low + 1 === tunnelPorts.without.length)
    problems.push('NETPILOT_TUNNEL_PORTS has no port left beside the listen port');
  if (low <= externalPorts.high && externalPorts.low <= high) {
    problems.push('NETPILOT_EXTERNAL_PORTS must not overlap NETPILOT_TUNNEL_PORTS');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    runDirectory,
    socket,
    databaseUrlFile: values.NETPILOT_GATEWAY_DATABASE_URL_FILE,
    tunnelListen: values.NETPILOT_TUNNEL_LISTEN,
    tunnelPorts,
    externalPorts,
    hostKeyFile: values.NETPILOT_HOST_KEY_FILE,
    sessionImage: values.NETPILOT_SESSION_IMAGE,
    dockerSocket: values.NETPILOT_DOCKER_SOCKET,
    sessionCap: values.NETPILOT_SESSION_CAP,
    organisationCap: values.NETPILOT_ORGANISATION_CAP,
    userCap: values.NETPILOT_USER_CAP,
    warmPool: {
      least: values.NETPILOT_WARM_POOL,
      most: Math.max(values.NETPILOT_WARM_POOL, values.NETPILOT_WARM_POOL_MAX),
    },
    requirePatchedEngine: values.NETPILOT_REQUIRE_PATCHED_ENGINE === '1',
    instance: values.NETPILOT_INSTANCE ?? null,
  };
}
