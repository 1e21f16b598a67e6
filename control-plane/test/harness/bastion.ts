import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundlePrograms, PROGRAM_FLAGS, PROGRAMS } from '@netpilot/compose/local/bundle.ts';
import { startIdentityProvider } from '@netpilot/compose/local/identity-provider.ts';
import { type FreshDatabase, startEmbeddedPostgres } from '@netpilot/db/embedded.ts';
import { makeTestDirectory } from '@netpilot/db/test/test-postgres.ts';
import type { Router } from '../../contract/routers.ts';
import { TestProcess } from './child-process.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-ports.ts';
import { TestPerson } from './person.ts';
import { TestRouter } from './router.ts';

/** The people of the tests; `root` administrates the platform. */
export const PEOPLE = [
  { subject: 'alice', name: 'Alice Archer', email: 'alice@one.test' },
  { subject: 'bob', name: 'Bob Baker', email: 'bob@two.test' },
  { subject: 'carol', name: 'Carol Cook', email: 'carol@one.test' },
  { subject: 'dave', name: 'Dave Dyer', email: 'dave@one.test' },
  { subject: 'erin', name: 'Erin Ely', email: 'erin@one.test' },
  { subject: 'frank', name: 'Frank Fox', email: 'frank@one.test' },
  { subject: 'grace', name: 'Grace Gill', email: 'grace@one.test' },
  { subject: 'root', name: 'Root Reed', email: 'root@platform.test' },
] as const;
export type PersonName = (typeof PEOPLE)[number]['subject'];

/** Ports a router of the test may get. */
const ROUTER_PORTS = 20;

export interface BastionOptions {
  /** More environment for api or gateway. */
  readonly api?: NodeJS.ProcessEnv;
  readonly gateway?: NodeJS.ProcessEnv;
  /** Another program than the real api. */
  readonly apiProgram?: string;
  /** Serve the built web application. */
  readonly webDirectory?: string;
}

/** A whole bastion of a test: real processes, real database, real engine. */
export class TestBastion {
  readonly url: string;
  readonly directory: string;
  readonly runDirectory: string;
  readonly database: FreshDatabase;
  readonly api: TestProcess;
  readonly gateway: TestProcess;
  /** Value of the label `netpilot.instance` on its containers. */
  readonly instance: string;
  readonly tunnelPort: number;
  /** First port of the range for tunnels that somebody else holds. */
  readonly externalPortLow: number;
  readonly issuer: string;
  /** Ends the database server, and starts it again with its data and on its port. */
  readonly stopDatabase: () => Promise<void>;
  readonly startDatabase: () => Promise<void>;
  readonly #closers: (() => Promise<void>)[];
  readonly #routers: TestRouter[] = [];

  private constructor(parts: {
    url: string;
    directory: string;
    runDirectory: string;
    database: FreshDatabase;
    api: TestProcess;
    gateway: TestProcess;
    instance: string;
    tunnelPort: number;
    externalPortLow: number;
    issuer: string;
    stopDatabase: () => Promise<void>;
    startDatabase: () => Promise<void>;
    closers: (() => Promise<void>)[];
  }) {
    this.url = parts.url;
    this.directory = parts.directory;
    this.runDirectory = parts.runDirectory;
    this.database = parts.database;
    this.api = parts.api;
    this.gateway = parts.gateway;
    this.instance = parts.instance;
    this.tunnelPort = parts.tunnelPort;
    this.externalPortLow = parts.externalPortLow;
    this.issuer = parts.issuer;
    this.stopDatabase = parts.stopDatabase;
    this.startDatabase = parts.startDatabase;
    this.#closers = parts.closers;
  }

  static async start(options: BastionOptions = {}): Promise<TestBastion> {
    // Short, because a unix socket's path may have 107 bytes.
    const directory = mkdtempSync(join(tmpdir(), 'np-'));
    const closers: (() => Promise<void>)[] = [async () => rmSync(directory, { recursive: true, force: true })];
    try {
      await bundlePrograms();
      const apiPort = await freePorts(1);
      const firstPort = await freePorts(ROUTER_PORTS + 21);
      const url = `http://127.0.0.1:${apiPort}`;
      const runDirectory = join(directory, 'run');
      const instance = `test-${randomBytes(6).toString('hex')}`;

      const server = { directory: await makeTestDirectory(), durable: false };
      let postgres = await startEmbeddedPostgres(server);
      closers.push(() => postgres.destroy());
      const database = await postgres.freshDatabase();

      const clientSecret = randomBytes(24).toString('hex');
      const provider = await startIdentityProvider({
        port: 0,
        clientId: 'bastion',
        clientSecret,
        redirectUris: [`${url}/api/v1/auth/callback`],
        people: PEOPLE,
      });
      closers.push(() => provider.stop());

      const file = (name: string, content: string) => {
        writeFileSync(join(directory, name), content, { mode: 0o600 });
        return join(directory, name);
      };
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(directory, 'gateway_key')]);
      const tokenKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      });
      const recordingKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
      const base = { PATH: process.env['PATH'], NODE_ENV: 'test', NETPILOT_RUN_DIRECTORY: runDirectory };
      const externalPorts = `${firstPort + ROUTER_PORTS + 1}-${firstPort + ROUTER_PORTS + 20}`;

      const gateway = new TestProcess(
        [process.execPath, ...PROGRAM_FLAGS, '--enable-source-maps', PROGRAMS.gateway.bundle],
        {
          ...base,
          NETPILOT_GATEWAY_DATABASE_URL_FILE: file('gateway_database_url', database.gatewayUrl),
          NETPILOT_TUNNEL_LISTEN: `127.0.0.1:${firstPort}`,
          NETPILOT_TUNNEL_PORTS: `${firstPort + 1}-${firstPort + ROUTER_PORTS}`,
          NETPILOT_EXTERNAL_PORTS: externalPorts,
          NETPILOT_HOST_KEY_FILE: join(directory, 'gateway_key'),
          NETPILOT_INSTANCE: instance,
          NETPILOT_WARM_POOL: '1',
          NETPILOT_WARM_POOL_MAX: '0',
          ...options.gateway,
        },
        join(directory, 'gateway.log'),
      );
      const api = new TestProcess(
        [process.execPath, ...PROGRAM_FLAGS, '--enable-source-maps', options.apiProgram ?? PROGRAMS.api.bundle],
        {
          ...base,
          NETPILOT_LISTEN: `127.0.0.1:${apiPort}`,
          NETPILOT_PUBLIC_URL: url,
          NETPILOT_DATABASE_URL_FILE: file('database_url', database.apiUrl),
          NETPILOT_OIDC_ISSUER: provider.issuer,
          NETPILOT_OIDC_CLIENT_ID: 'bastion',
          NETPILOT_OIDC_CLIENT_SECRET_FILE: file('client_secret', clientSecret),
          NETPILOT_TOKEN_KEY_FILE: file('token_key', tokenKey.toString()),
          NETPILOT_SECRET_KEYS_FILE: file(
            'secret_keys',
            JSON.stringify({ current: 'k1', keys: { k1: randomBytes(32).toString('base64') } }),
          ),
          NETPILOT_RECORDING_KEY_FILE: file('recording_key', recordingKey.toString()),
          NETPILOT_RECORDINGS_DIRECTORY: join(directory, 'recordings'),
          NETPILOT_PLATFORM_ADMINISTRATORS: 'root@platform.test',
          NETPILOT_TUNNEL_ADDRESS: `127.0.0.1:${firstPort}`,
          NETPILOT_EXTERNAL_PORTS: externalPorts,
          NETPILOT_RATE_LIMIT_PER_MINUTE: '100000',
          ...(options.webDirectory === undefined ? {} : { NETPILOT_WEB_DIRECTORY: options.webDirectory }),
          ...options.api,
        },
        join(directory, 'api.log'),
      );
      closers.push(async () => removeContainers(instance));
      const bastion = new TestBastion({
        url,
        directory,
        runDirectory,
        database,
        api,
        gateway,
        instance,
        tunnelPort: firstPort,
        externalPortLow: firstPort + ROUTER_PORTS + 1,
        issuer: provider.issuer,
        stopDatabase: () => postgres.stop(),
        startDatabase: async () => {
          postgres = await startEmbeddedPostgres({ ...server, port: postgres.port });
        },
        closers,
      });
      closers.push(
        () => gateway.stop(),
        () => api.stop(),
      );
      gateway.start();
      api.start();
      await bastion.ready();
      return bastion;
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /** Waits until database, gateway and engine answer through the api; tells the logs when a process has ended instead. */
  async ready(): Promise<void> {
    await eventually('the bastion to be ready', async () => {
      for (const process_ of [this.api, this.gateway]) {
        if (!process_.running) throw new Error(`a process ended: ${process_.output().slice(-3_000)}`);
      }
      return (await fetch(`${this.url}/api/v1/health/ready`)).ok;
    }).catch((error: unknown) => {
      throw new Error(
        `not ready; api: ${this.api.output().slice(-2_000)}\ngateway: ${this.gateway.output().slice(-2_000)}`,
        { cause: error },
      );
    });
  }

  async signIn(name: PersonName): Promise<TestPerson> {
    const person = new TestPerson(this.url);
    await person.signIn(name);
    return person;
  }

  /** A new router of the organisation with its tunnel up; stopped with the bastion. */
  async enrolRouter(person: TestPerson, organisationId: string, name = 'router'): Promise<TestRouter> {
    const router = await TestRouter.enrol(person, organisationId, name, this);
    this.#routers.push(router);
    return router;
  }

  /** Connects a router that was made on the page, with the line shown there; stopped with the bastion. */
  async attachRouter(person: TestPerson, router: Pick<Router, 'id' | 'tunnelPort'>, line: string): Promise<TestRouter> {
    const attached = await TestRouter.attach(person, router, line, this);
    this.#routers.push(attached);
    return attached;
  }

  /** Ids of the containers that carry this bastion's label, running or not. */
  containers(): string[] {
    return containersOf(this.instance);
  }

  async close(): Promise<void> {
    await Promise.all(this.#routers.map((router) => router.stop()));
    await closeAll(this.#closers);
  }
}

function containersOf(instance: string): string[] {
  const ids = execFileSync('docker', ['ps', '-aq', '--no-trunc', '--filter', `label=netpilot.instance=${instance}`], {
    encoding: 'utf8',
  });
  return ids.split('\n').filter((id) => id !== '');
}

function removeContainers(instance: string): void {
  const ids = containersOf(instance);
  if (ids.length > 0) execFileSync('docker', ['rm', '-fv', ...ids], { stdio: 'ignore' });
}

async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}
