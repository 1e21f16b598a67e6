import { readFileSync } from 'node:fs';
import { z } from 'zod';

const seconds = (fallback: number, max: number) => z.coerce.number().int().min(1).max(max).default(fallback);

const Environment = z.object({
  NETPILOT_LISTEN: z
    .string()
    .regex(/^[^:\s]*:\d{1,5}$/u, 'must be address:port')
    .default('127.0.0.1:8080'),
  NETPILOT_PUBLIC_URL: z.url({ protocol: /^https?$/u }).default('http://127.0.0.1:8080'),
  NETPILOT_DATABASE_URL_FILE: z.string().min(1),
  NETPILOT_RUN_DIRECTORY: z.string().min(1).default('/run/netpilot'),
  NETPILOT_GATEWAY_SOCKET: z.string().min(1).optional(),
  NETPILOT_OIDC_ISSUER: z.url({ protocol: /^https?$/u }),
  NETPILOT_OIDC_CLIENT_ID: z.string().min(1),
  NETPILOT_OIDC_CLIENT_SECRET_FILE: z.string().min(1).optional(),
  NETPILOT_OIDC_SCOPES: z.string().default('openid email profile'),
  NETPILOT_TOKEN_KEY_FILE: z.string().min(1),
  NETPILOT_SECRET_KEYS_FILE: z.string().min(1),
  NETPILOT_RECORDING_KEY_FILE: z.string().min(1),
  NETPILOT_RECORDINGS_DIRECTORY: z.string().min(1).default('/var/lib/netpilot/recordings'),
  NETPILOT_RECORDING_MAX_MEGABYTES: seconds(4_096, 1_048_576),
  NETPILOT_RECORDINGS_BUCKET_URL: z.url({ protocol: /^https?$/u }).optional(),
  NETPILOT_RECORDINGS_BUCKET_REGION: z.string().min(1).max(60).default('us-east-1'),
  NETPILOT_RECORDINGS_BUCKET_KEY_FILE: z.string().min(1).optional(),
  NETPILOT_PLATFORM_ADMINISTRATORS: z.string().default(''),
  NETPILOT_TUNNEL_ADDRESS: z.string().max(255).optional(),
  NETPILOT_WEB_DIRECTORY: z.string().optional(),
  NETPILOT_DETACHED_MEGABYTES: seconds(64, 4_096),
  /** Parts of a minute are minutes too. */
  NETPILOT_SCREEN_LOCK_MINUTES: z.coerce.number().min(0.01).max(1_440).default(15),
  NETPILOT_IDLE_MINUTES: seconds(30, 1_440),
  NETPILOT_LIFETIME_HOURS: seconds(12, 168),
  NETPILOT_ROUTER_WAIT_SECONDS: seconds(30, 600),
  NETPILOT_QUEUE_PRESENCE_SECONDS: seconds(60, 3_600),
  NETPILOT_USER_CAP: seconds(5, 1_000),
  NETPILOT_FILE_GIB_PER_DAY: seconds(100, 1_000_000),
  NETPILOT_FILE_TRANSFERS: seconds(8, 64),
  NETPILOT_EXTERNAL_PORTS: z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/u, 'must be low-high')
    .default('2300-2399'),
  NETPILOT_TRUST_PROXY: z.string().default(''),
  NETPILOT_METRICS_TOKEN_FILE: z.string().min(1).optional(),
  NETPILOT_RATE_LIMIT_PER_MINUTE: seconds(600, 1_000_000),
  NETPILOT_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** Who the bucket of the recordings knows. */
const BucketKeyFile = z.strictObject({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) });

/** Secrets that come as files, so that none stands in an environment. */
const KeyRingFile = z.strictObject({
  current: z.string().min(1).max(40),
  keys: z.record(z.string().min(1).max(40), z.base64()),
});

export interface ApiConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** Origin that browsers use, without a trailing slash. */
  readonly publicUrl: string;
  readonly databaseUrl: string;
  readonly runDirectory: string;
  readonly gatewaySocket: string;
  readonly oidc: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret: string | null;
    readonly scopes: string;
  };
  /** PEM of the ES256 private key that signs access tokens. */
  readonly tokenKey: string;
  readonly secretKeys: z.infer<typeof KeyRingFile>;
  readonly recordings: {
    readonly directory: string;
    /** PEM of the Ed25519 private key that signs recordings, and of earlier public keys. */
    readonly key: string;
    readonly maxBytes: number;
    /** Where finished recordings go; null: they stay in the directory. */
    readonly bucket: (z.infer<typeof BucketKeyFile> & { readonly url: string; readonly region: string }) | null;
  };
  /** Verified e-mail addresses, lower case. */
  readonly platformAdministrators: ReadonlySet<string>;
  readonly tunnelAddress: { readonly host: string; readonly port: number };
  readonly webDirectory: string | null;
  /** Bytes of output that a terminal may run on while nobody drives it; then its program waits. */
  readonly detachedAhead: number;
  /** Without input for this long the screen of a session is locked; not shorter than `idleMs`: never. */
  readonly screenLockMs: number;
  readonly idleMs: number;
  readonly lifetimeMs: number;
  readonly routerWaitMs: number;
  readonly queuePresenceMs: number;
  readonly sessionsPerUser: number;
  /** What one person may move of files on a day, in bytes, and at once, in transfers. */
  readonly files: { readonly bytesPerDay: number; readonly transfersPerPerson: number };
  readonly externalPorts: { readonly low: number; readonly high: number };
  /** Addresses of proxies whose forwarding headers count; empty: none. */
  readonly trustProxy: readonly string[];
  readonly metricsToken: string | null;
  readonly requestsPerMinute: number;
  readonly logLevel: string;
}

/** Something in the environment is wrong; the message is a list for the operator, one line each, without values. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads and checks the environment of the api process.
 * @throws ConfigError that names every variable that is wrong.
 */
export function readConfig(environment: NodeJS.ProcessEnv): ApiConfig {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  }
  const env = parsed.data;
  const keyRing = KeyRingFile.safeParse(
    parseJson(readSecret('NETPILOT_SECRET_KEYS_FILE', env.NETPILOT_SECRET_KEYS_FILE)),
  );
  if (!keyRing.success || keyRing.data.keys[keyRing.data.current] === undefined) {
    throw new ConfigError('NETPILOT_SECRET_KEYS_FILE: must hold {"current": id, "keys": {id: base64 of 32 bytes}}');
  }
  const publicUrl = new URL(env.NETPILOT_PUBLIC_URL);
  const listen = splitAddress(env.NETPILOT_LISTEN, 8080);
  const external = env.NETPILOT_EXTERNAL_PORTS.split('-').map(Number);
  return {
    listen: { host: listen.host === '' ? '0.0.0.0' : listen.host, port: listen.port },
    publicUrl: publicUrl.origin,
    databaseUrl: readSecret('NETPILOT_DATABASE_URL_FILE', env.NETPILOT_DATABASE_URL_FILE),
    runDirectory: env.NETPILOT_RUN_DIRECTORY,
    gatewaySocket: env.NETPILOT_GATEWAY_SOCKET ?? `${env.NETPILOT_RUN_DIRECTORY}/gateway.sock`,
    oidc: {
      issuer: env.NETPILOT_OIDC_ISSUER,
      clientId: env.NETPILOT_OIDC_CLIENT_ID,
      clientSecret: optionalSecret('NETPILOT_OIDC_CLIENT_SECRET_FILE', env.NETPILOT_OIDC_CLIENT_SECRET_FILE),
      scopes: env.NETPILOT_OIDC_SCOPES,
    },
    tokenKey: readSecret('NETPILOT_TOKEN_KEY_FILE', env.NETPILOT_TOKEN_KEY_FILE),
    secretKeys: keyRing.data,
    recordings: {
      directory: env.NETPILOT_RECORDINGS_DIRECTORY,
      key: readSecret('NETPILOT_RECORDING_KEY_FILE', env.NETPILOT_RECORDING_KEY_FILE),
      maxBytes: env.NETPILOT_RECORDING_MAX_MEGABYTES * 1_048_576,
      bucket: readBucket(env),
    },
    platformAdministrators: new Set(
      env.NETPILOT_PLATFORM_ADMINISTRATORS.split(',')
        .map((email) => email.trim().toLowerCase())
        .filter((email) => email !== ''),
    ),
    tunnelAddress: splitAddress(env.NETPILOT_TUNNEL_ADDRESS ?? publicUrl.hostname, 2222),
    webDirectory: env.NETPILOT_WEB_DIRECTORY ?? null,
    detachedAhead: env.NETPILOT_DETACHED_MEGABYTES * 1_048_576,
    screenLockMs: env.NETPILOT_SCREEN_LOCK_MINUTES * 60_000,
    idleMs: env.NETPILOT_IDLE_MINUTES * 60_000,
    lifetimeMs: env.NETPILOT_LIFETIME_HOURS * 3_600_000,
    routerWaitMs: env.NETPILOT_ROUTER_WAIT_SECONDS * 1_000,
    queuePresenceMs: env.NETPILOT_QUEUE_PRESENCE_SECONDS * 1_000,
    sessionsPerUser: env.NETPILOT_USER_CAP,
    files: { bytesPerDay: env.NETPILOT_FILE_GIB_PER_DAY * 2 ** 30, transfersPerPerson: env.NETPILOT_FILE_TRANSFERS },
    externalPorts: { low: external[0] ?? 0, high: external[1] ?? 0 },
    trustProxy: env.NETPILOT_TRUST_PROXY.split(',')
      .map((address) => address.trim())
      .filter((address) => address !== ''),
    metricsToken: optionalSecret('NETPILOT_METRICS_TOKEN_FILE', env.NETPILOT_METRICS_TOKEN_FILE),
    requestsPerMinute: env.NETPILOT_RATE_LIMIT_PER_MINUTE,
    logLevel: env.NETPILOT_LOG_LEVEL,
  };
}

/** @throws ConfigError for a bucket without its key, or one that is asked for in clear text over a network. */
function readBucket(env: z.infer<typeof Environment>): ApiConfig['recordings']['bucket'] {
  const { NETPILOT_RECORDINGS_BUCKET_URL: url, NETPILOT_RECORDINGS_BUCKET_REGION: region } = env;
  if (url === undefined) return null;
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) {
    throw new ConfigError('NETPILOT_RECORDINGS_BUCKET_URL: must be https');
  }
  const file = env.NETPILOT_RECORDINGS_BUCKET_KEY_FILE;
  const key = BucketKeyFile.safeParse(
    file === undefined ? undefined : parseJson(readSecret('NETPILOT_RECORDINGS_BUCKET_KEY_FILE', file)),
  );
  if (!key.success) {
    throw new ConfigError('NETPILOT_RECORDINGS_BUCKET_KEY_FILE: must hold {"accessKeyId": …, "secretAccessKey": …}');
  }
  return { url, region, ...key.data };
}

function optionalSecret(variable: string, file: string | undefined): string | null {
  return file === undefined ? null : readSecret(variable, file);
}

function readSecret(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ConfigError(`${variable}: the file cannot be read`, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function splitAddress(text: string, defaultPort: number): { host: string; port: number } {
  const match = /^(?<host>.*?)(?::(?<port>\d{1,5}))?$/u.exec(text);
  return { host: match?.groups?.['host'] ?? text, port: Number(match?.groups?.['port'] ?? defaultPort) };
}
