import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, escapeLiteral } from 'pg';
import { serverAccount } from './embedded/account.ts';
import { guardServer } from './embedded/guard.ts';
import { hold } from './embedded/holder.ts';
import { preparePlaces } from './embedded/places.ts';
import { createCluster, startServer, stopServer } from './embedded/server.ts';
import { migrate } from './migrate.ts';
import { ensureRoles, scramVerifier } from './roles.ts';

/** How each role reaches one database. The owner runs migrations, and is bound by row-level security as the others are. */
export interface DatabaseUrls {
  ownerUrl: string;
  apiUrl: string;
  gatewayUrl: string;
}

export interface FreshDatabase extends DatabaseUrls {
  superuserUrl: string;
  /** Cuts its connections and removes it. */
  drop(): Promise<void>;
}

export interface EmbeddedPostgres extends DatabaseUrls {
  /** The server's administrator, for the database `postgres`; row-level security does not bind it. */
  superuserUrl: string;
  port: number;
  /** A migrated, empty database of its own, cloned from a template that is migrated once per start. */
  freshDatabase(): Promise<FreshDatabase>;
  /** Ends the server; resolves when it is gone. May be called again. */
  stop(): Promise<void>;
  /** Ends the server and removes its data. */
  destroy(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Holds data, passwords (mode 0600) and the server's log; made when missing, kept for the next start. */
  directory: string;
  /** Port of 127.0.0.1; without it a free one is picked at every start. */
  port?: number;
  /** False for tests: faster, and a power cut may cost the data. */
  durable?: boolean;
}

interface Passwords {
  superuser: string;
  owner: string;
  api: string;
  gateway: string;
}

const TEMPLATE = 'netpilot_template';

/**
 * Runs a PostgreSQL server of our own on 127.0.0.1, for development and tests, as root or not. The database `netpilot` and the
 * roles are there afterwards; migrating is the caller's. The server ends with this process, even a killed one; one that
 * is still there is stopped first.
 * @throws Error when a living process uses the directory already, or the server does not start (with the end of its log).
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const account = await serverAccount();
  const places = await preparePlaces(path.resolve(options.directory), account);
  const release = await hold(places.home);
  const server = { places, account, port: options.port, durable: options.durable ?? true };
  let callOff = () => {};
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopServer(places).then(() => {
      callOff();
      return release();
    });
    return stopping;
  };
  try {
    await stopServer(places);
    const passwords = await readPasswords(path.join(places.home, 'passwords.json'));
    await createCluster(server, passwords.superuser);
    const { pid, port } = await startServer(server);
    callOff = guardServer(pid);
    return await describe({ port, passwords, stop, directory: path.resolve(options.directory), home: places.home });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function describe(server: {
  port: number;
  passwords: Passwords;
  stop: () => Promise<void>;
  directory: string;
  home: string;
}): Promise<EmbeddedPostgres> {
  const { port, passwords, stop } = server;
  const url = (role: string, password: string, database: string) =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
  const superuserUrl = url('postgres', passwords.superuser, 'postgres');
  const urls = (database: string): DatabaseUrls => ({
    ownerUrl: url('netpilot_owner', passwords.owner, database),
    apiUrl: url('netpilot_api', passwords.api, database),
    gatewayUrl: url('netpilot_gateway', passwords.gateway, database),
  });

  await withClient(superuserUrl, (client) => createOwner(client, passwords.owner));
  await withClient(urls('netpilot').ownerUrl, (client) => ensureRoles(client, passwords));

  // Creating from a template wants the template to itself: one after the other.
  let turn: Promise<unknown> = withClient(superuserUrl, (client) => dropDatabase(client, TEMPLATE));
  turn.catch(() => undefined);
  let migrated = false;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
  const prepareTemplate = async () => {
    if (migrated) return;
    await withClient(superuserUrl, async (client) => {
      await dropDatabase(client, TEMPLATE);
      await client.query(`create database ${TEMPLATE} owner netpilot_owner`);
    });
    await migrate({ url: urls(TEMPLATE).ownerUrl });
    migrated = true;
  };

  return {
    ...urls('netpilot'),
    superuserUrl,
    port,
    freshDatabase: () =>
      inTurn(async () => {
        await prepareTemplate();
        const name = `fresh_${randomUUID().replaceAll('-', '')}`;
        await withClient(superuserUrl, (client) =>
          client.query(`create database ${name} template ${TEMPLATE} owner netpilot_owner`),
        );
        return {
          ...urls(name),
          superuserUrl: url('postgres', passwords.superuser, name),
          drop: () => withClient(superuserUrl, (client) => dropDatabase(client, name)),
        };
      }),
    stop,
    async destroy() {
      await stop();
      await rm(server.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
      // The same, or an empty one of which the data lies elsewhere; what somebody else put there stays.
      await rmdir(server.directory).catch(() => undefined);
    },
  };
}

async function createOwner(client: Client, password: string): Promise<void> {
  const { rows } = await client.query<{ role: boolean; database: boolean }>(
    `select exists (select from pg_roles where rolname = 'netpilot_owner') as role,
            exists (select from pg_database where datname = 'netpilot') as database`,
  );
  const secret = escapeLiteral(await scramVerifier(password));
  if (!rows[0]?.role) await client.query(`create role netpilot_owner login createrole password ${secret}`);
  if (!rows[0]?.database) await client.query('create database netpilot owner netpilot_owner');
}

async function dropDatabase(client: Client, name: string): Promise<void> {
  await client.query(`drop database if exists ${name} with (force)`);
}

async function withClient<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 60_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function readPasswords(file: string): Promise<Passwords> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Passwords;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const random = () => randomBytes(24).toString('base64url');
  const passwords: Passwords = { superuser: random(), owner: random(), api: random(), gateway: random() };
  await writeFile(file, JSON.stringify(passwords), { flag: 'wx', mode: 0o600 });
  return passwords;
}
