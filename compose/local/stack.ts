import { mkdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@netpilot/db/embedded.ts';
import { migrate } from '@netpilot/db/migrate.ts';
import { buildSessionImage, ensureBaseImage } from '@netpilot/session-image/build.ts';
import { ensureDemoRouterImage } from '../demo-router/image.ts';
import { bundlePrograms, PROGRAM_FLAGS, PROGRAMS } from './bundle.ts';
import { createDemoNetwork, type DemoNetwork } from './demo-network.ts';
import { DEMO_ADMINISTRATORS, DEMO_PEOPLE } from './demo-people.ts';
import { seedDemo } from './demo.ts';
import { dockerSocket, pruneImages } from './docker.ts';
import { ensureEngine } from './engine.ts';
import { startForwarder } from './forwarder.ts';
import { startIdentityProvider, type IdentityProvider } from './identity-provider.ts';
import { ProcessList, removeTraces } from './leftovers.ts';
import type { Obstacle } from './obstacle.ts';
import { ROOT, type Places } from './places.ts';
import type { Progress } from './progress.ts';
import { requireDiskSpace, requireFreePort } from './requirements.ts';
import { ensureSecrets, type SecretFiles } from './secrets.ts';
import { Service } from './service.ts';
import type { LocalSettings } from './settings.ts';
import type { Teardown } from './teardown.ts';
import { buildWeb, viteProgram, WEB_DIRECTORY } from './web-build.ts';

export interface StackOptions {
  places: Places;
  settings: LocalSettings;
  progress: Progress;
  teardown: Teardown;
  /** Called when a process ends that should run. */
  onLost: (problem: Obstacle) => void;
  /** Aborted when everything is being stopped: no further step begins, and waiting ends. */
  signal: AbortSignal;
}

const CLIENT_ID = 'netpilot';

/** How many steps {@link startStack} tells. */
export const STACK_STEPS = 9;

/**
 * Starts a whole installation on this machine; everything started is handed to `teardown` at once.
 * @throws Obstacle for what the person can remove.
 */
export async function startStack(options: StackOptions): Promise<void> {
  const { places, settings, progress, teardown } = options;
  const step: Progress['step'] = (title, work) => {
    options.signal.throwIfAborted();
    return progress.step(title, work);
  };
  const processes = new ProcessList(places);
  await step('Requirements', async () => {
    await processes.endLeftovers();
    await requireDiskSpace(places.state);
    await requireFreePort('127.0.0.1', settings.apiPort, 'NETPILOT_PORT');
    await requireFreePort('127.0.0.1', settings.identityPort, 'NETPILOT_IDENTITY_PORT');
    if (settings.dev) await requireFreePort('127.0.0.1', settings.webPort, 'NETPILOT_WEB_PORT');
  });
  await step('Docker engine', async (log) => {
    const engine = await ensureEngine({ stateDirectory: places.state, log });
    teardown.own('Docker engine', () => engine.stop());
    await removeTraces(places);
    teardown.own('last container', async () => {
      await removeTraces(places);
      await processes.clear();
    });
  });
  await step('Images of sandbox and demo router', async (log) => {
    await buildSessionImage({ base: await ensureBaseImage({ log }), log });
    await ensureDemoRouterImage({ log });
    await pruneImages();
  });
  await step('Web application and programs', async (log) => {
    if (!settings.dev) await buildWeb(log);
    await bundlePrograms(log);
  });
  const database = await step('Database', async () => {
    const started = await startEmbeddedPostgres({ directory: join(places.state, 'postgres') });
    teardown.own('database', () => started.stop());
    await migrate({ url: started.ownerUrl });
    return started;
  });
  const secrets = await ensureSecrets(places.secrets, database);
  const { identity, network } = await step('Network and identity provider', () => outside(options, secrets));
  const context = { ...options, processes, secrets, identity, network };
  await step('Gateway', () => startGateway(context));
  await step('Api', () => startApi(context));
  await step('Demo: organisations and routers', (log) =>
    seedDemo({
      publicUrl: settings.publicUrl,
      people: DEMO_PEOPLE,
      network,
      instance: places.instance,
      own: (part) => teardown.own('demo router', () => part.stop()),
      signal: options.signal,
      log,
    }),
  );
}

interface Context extends StackOptions {
  processes: ProcessList;
  secrets: SecretFiles;
  identity: IdentityProvider;
  network: DemoNetwork;
}

/** What an installation finds around it in real life: a network with routers on it, and somebody who knows the people. */
async function outside(
  { places, settings, teardown }: StackOptions,
  secrets: SecretFiles,
): Promise<{ identity: IdentityProvider; network: DemoNetwork }> {
  const network = await createDemoNetwork(places.instance);
  await requireFreePort(network.address, settings.tunnelPort, 'NETPILOT_TUNNEL_PORT');
  const publicPort = Number(new URL(settings.publicUrl).port);
  const forwarder = await startForwarder({ host: network.address, port: publicPort }, publicPort);
  teardown.own('way of the demo routers to the api', () => forwarder.close());
  const identity = await startIdentityProvider({
    port: settings.identityPort,
    clientId: CLIENT_ID,
    clientSecret: await readFile(secrets.clientSecret, 'utf8'),
    redirectUris: [`${settings.publicUrl}/api/v1/auth/callback`],
    postLogoutRedirectUris: [settings.publicUrl],
    people: DEMO_PEOPLE,
  });
  teardown.own('identity provider', () => identity.stop());
  return { identity, network };
}

async function startGateway(context: Context): Promise<void> {
  const { places, settings, secrets, network } = context;
  await mkdir(places.run, { recursive: true, mode: 0o755 });
  const socket = join(places.run, 'gateway.sock');
  const gateway = await startService(context, 'gateway', [...PROGRAM_FLAGS, PROGRAMS.gateway.bundle], {
    NETPILOT_GATEWAY_SOCKET: socket,
    NETPILOT_GATEWAY_DATABASE_URL_FILE: secrets.gatewayDatabaseUrl,
    NETPILOT_TUNNEL_LISTEN: `${network.address}:${settings.tunnelPort}`,
    NETPILOT_HOST_KEY_FILE: secrets.hostKey,
    NETPILOT_DOCKER_SOCKET: dockerSocket(),
    NETPILOT_INSTANCE: places.instance,
  });
  await gateway.ready(() => gatewayAnswers(socket), context.signal);
}

async function startApi(context: Context): Promise<void> {
  const { places, settings, secrets, identity, network } = context;
  const program = settings.dev
    ? [
        join(ROOT, 'node_modules', 'tsx', 'dist', 'cli.mjs'),
        'watch',
        '--clear-screen=false',
        join(ROOT, PROGRAMS.api.source),
      ]
    : [...PROGRAM_FLAGS, PROGRAMS.api.bundle];
  const api = await startService(context, 'api', program, {
    NETPILOT_LISTEN: `127.0.0.1:${settings.apiPort}`,
    NETPILOT_PUBLIC_URL: settings.publicUrl,
    NETPILOT_DATABASE_URL_FILE: secrets.databaseUrl,
    NETPILOT_GATEWAY_SOCKET: join(places.run, 'gateway.sock'),
    NETPILOT_OIDC_ISSUER: identity.issuer,
    NETPILOT_OIDC_CLIENT_ID: CLIENT_ID,
    NETPILOT_OIDC_CLIENT_SECRET_FILE: secrets.clientSecret,
    NETPILOT_TOKEN_KEY_FILE: secrets.tokenKey,
    NETPILOT_SECRET_KEYS_FILE: secrets.secretKeys,
    NETPILOT_RECORDING_KEY_FILE: secrets.recordingKey,
    NETPILOT_RECORDINGS_DIRECTORY: join(places.state, 'recordings'),
    NETPILOT_PLATFORM_ADMINISTRATORS: DEMO_ADMINISTRATORS.join(','),
    NETPILOT_TUNNEL_ADDRESS: `${network.address}:${settings.tunnelPort}`,
    ...(settings.dev ? {} : { NETPILOT_WEB_DIRECTORY: WEB_DIRECTORY }),
  });
  await api.ready(() => answersOk(`http://127.0.0.1:${settings.apiPort}/api/v1/health/ready`), context.signal);
  if (!settings.dev) return;
  const vite = [viteProgram(), '--host', '127.0.0.1', '--port', String(settings.webPort), '--strictPort'];
  const web = await startService(
    context,
    'web development server',
    vite,
    { NODE_ENV: 'development', NETPILOT_PORT: String(settings.apiPort) },
    join(ROOT, 'web'),
  );
  await web.ready(() => answersOk(`http://127.0.0.1:${settings.webPort}/`), context.signal);
}

async function startService(
  { places, settings, teardown, processes, onLost }: Context,
  name: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): Promise<Service> {
  const service = await Service.start({
    name,
    args,
    env: { ...settings.passedOn, NETPILOT_RUN_DIRECTORY: places.run, ...env },
    logFile: join(places.logs, `${name.replaceAll(' ', '-')}.log`),
    cwd,
    onLost,
  });
  teardown.own(name, () => service.stop());
  await processes.note(service.identity);
  return service;
}

async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, {
    headers: { accept: 'text/html,application/json' },
    signal: AbortSignal.timeout(5_000),
  });
  await response.body?.cancel();
  return response.ok;
}

function gatewayAnswers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const asked = request({ socketPath, method: 'POST', path: '/v1/call', headers, timeout: 5_000 }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200));
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.end(JSON.stringify({ verb: 'health' }));
  });
}
