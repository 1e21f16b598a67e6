import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import websocket from '@fastify/websocket';
import { listenToChanges } from '@netpilot/db/changes.ts';
import { type Database, openDatabase } from '@netpilot/db/database.ts';
import type { FreshDatabase } from '@netpilot/db/embedded.ts';
import type { TestSshd } from '@netpilot/session-image/test/sshd.ts';
import Fastify, { type FastifyBaseLogger } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { WebSocket } from 'ws';
import type { PageEvent } from '../../../contract/events.ts';
import type { Role } from '../../../contract/people.ts';
import type { Session } from '../../../contract/sessions.ts';
import { MAX_FRAME, type TerminalFrame, decodeFrame, encodeFrame } from '../../../contract/terminal-frames.ts';
import type { Actor } from '../access/actor.ts';
import { createAuditLog } from '../audit/audit-log.ts';
import { EventHub } from '../events/event-hub.ts';
import { PersonSockets } from '../events/person-sockets.ts';
import { eventRoutes } from '../events/routes.ts';
import { createGatewayClient } from '../gateway-client/gateway-client.ts';
import { answerWithProblems } from '../http/problems.ts';
import { LockBook } from '../oversight/lock-book.ts';
import type { RouterMaterial } from '../sandbox-link/connection-stream.ts';
import { SandboxLinks } from '../sandbox-link/sandbox-links.ts';
import { FakeRecordings } from '../terminals/fake-recordings.ts';
import { TERMINAL_SOCKETS_PER_PERSON, terminalRoutes } from '../terminals/routes.ts';
import { startScreensHere } from '../terminals/screens/screen-thread-here.ts';
import { Screens } from '../terminals/screens/screens.ts';
import { AccessCuts } from './access-cuts.ts';
import { Presence } from './presence.ts';
import { ConnectionProbe } from './probe.ts';
import { SessionReader } from './reader.ts';
import { sessionRoutes } from './routes.ts';
import { SessionService } from './service.ts';
import { SessionWork } from './session-work.ts';
import { TestGateway } from './test-gateway.ts';

const silent: FastifyBaseLogger = Fastify({ logger: false }).log;

const unheard = { tookOver: () => {} };

/** Waits until `look` gives something. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (const end = Date.now() + 90_000; ;) {
    const value = await look();
    if (value !== null && value !== undefined && value !== false) return value as NonNullable<T>;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(25);
  }
}

export interface ApiTimes {
  readonly screenLockMs?: number;
  readonly idleMs?: number;
  readonly lifetimeMs?: number;
  readonly routerWaitMs?: number;
  readonly queuePresenceMs?: number;
}

/** The sessions part of an api over real sockets, with people by header instead of sign-in. */
export class TestApi {
  private constructor(
    readonly sessions: SessionService,
    readonly probe: ConnectionProbe,
    readonly events: EventHub,
    readonly cuts: AccessCuts,
    readonly address: string,
    readonly close: () => Promise<void>,
  ) {}

  static async open(bastion: TestBastion, times: ApiTimes = {}): Promise<TestApi> {
    const { database } = bastion;
    const audit = createAuditLog(database, { grew: () => undefined });
    const gateway = createGatewayClient({ socketPath: bastion.gateway.fake.socketPath, log: silent });
    const links = new SandboxLinks({ runDirectory: bastion.runDirectory, log: silent });
    const reach = { links, connections: bastion, gateway, log: silent };
    const probe = new ConnectionProbe({ ...reach, database });
    const presence = new Presence();
    const locks = new LockBook(database);
    const screens = new Screens(startScreensHere, silent);
    const sessions = new SessionService({
      ...reach,
      terminals: { recordings: bastion.recordings, screens, detachedAhead: 67_108_864, events: unheard, log: silent },
      database,
      audit,
      probe,
      presence,
      locks,
      limits: {
        screenLockMs: times.screenLockMs ?? 600_000,
        idleMs: times.idleMs ?? 600_000,
        lifetimeMs: times.lifetimeMs ?? 600_000,
      },
      routerWaitMs: times.routerWaitMs ?? 60_000,
      queuePresenceMs: times.queuePresenceMs ?? 60_000,
    });
    const sessionReader = new SessionReader(sessions, database, presence);
    const sessionWork = new SessionWork(sessions, sessionReader, audit, { authenticatedAt: async () => 0 });
    const terminalSockets = new PersonSockets(TERMINAL_SOCKETS_PER_PERSON);
    const events = new EventHub({ sessions, gateway, presence });
    const cuts = new AccessCuts({
      database,
      listen: (hooks) => listenToChanges({ url: bastion.urls.apiUrl, ...hooks }),
      sessions,
      locks,
      terminalSockets,
      eventSockets: events.sockets,
      passages: { actors: () => [], closeWhere: () => undefined },
      log: silent,
    });
    const app = Fastify();
    app.setValidatorCompiler(validatorCompiler);
    app.setSerializerCompiler(serializerCompiler);
    answerWithProblems(app);
    await app.register(websocket, { options: { maxPayload: MAX_FRAME } });
    const asked = new WeakMap<object, Actor>();
    app.decorateRequest('actor', {
      getter() {
        const actor = asked.get(this);
        if (actor === undefined) throw new Error('nobody');
        return actor;
      },
    });
    app.addHook('onRequest', async (request) => {
      const actor = bastion.people.get(String(request.headers['x-person']));
      if (actor !== undefined) asked.set(request, actor);
    });
    await sessionRoutes(app, { sessions, sessionReader, sessionWork });
    await terminalRoutes(app, { sessions, sessionReader, terminalSockets });
    await eventRoutes(app, { events });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    await until('the gateway', () => gateway.connected);
    await sessions.recover();
    const close = async () => {
      events.close();
      terminalSockets.close();
      await app.close();
      await cuts.close();
      await sessions.close();
      screens.close();
      probe.close();
      await links.close();
      await gateway.close();
    };
    return new TestApi(sessions, probe, events, cuts, `127.0.0.1:${port}`, close);
  }

  async request(
    person: Actor,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`http://${this.address}${path}`, {
      method,
      headers: {
        'x-person': person.userId,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  async session(person: Actor, id: string): Promise<Session> {
    const { status, body } = await this.request(person, 'GET', `/sessions/${id}`);
    if (status !== 200) throw new Error(`status ${status}: ${JSON.stringify(body)}`);
    return body as Session;
  }

  /** Waits until the session is as asked. */
  become(person: Actor, id: string, state: Session['state']): Promise<Session> {
    return until(`${state}`, async () => {
      const session = await this.session(person, id);
      return session.state === state ? session : null;
    });
  }

  /** A session that is live. */
  async live(person: Actor, routerId: string): Promise<Session> {
    const { status, body } = await this.request(person, 'POST', '/sessions', { routerId });
    if (status !== 201) throw new Error(`status ${status}: ${JSON.stringify(body)}`);
    return this.become(person, (body as Session).id, 'live');
  }

  socket(person: Actor, path: string): WebSocket {
    return new WebSocket(`ws://${this.address}${path}`, { headers: { 'x-person': person.userId } });
  }
}

/** One attached page of a terminal, as a browser is one. */
export class TestPage {
  readonly socket: WebSocket;
  readonly frames: TerminalFrame[] = [];
  output = '';
  offset = 0;
  code: number | null = null;

  constructor(api: TestApi, person: Actor, sessionId: string, terminalId: number, offset?: number) {
    const query = offset === undefined ? '' : `?offset=${offset}`;
    this.socket = api.socket(person, `/sessions/${sessionId}/terminals/${terminalId}/attach${query}`);
    this.socket.on('error', () => {});
    this.socket.on('close', (code) => (this.code = code));
    this.socket.on('message', (data: Buffer) => {
      const frame = decodeFrame(new Uint8Array(data));
      this.frames.push(frame);
      if (frame.type !== 'output') return;
      this.output += Buffer.from(frame.bytes).toString('utf8');
      this.offset = frame.offset + frame.bytes.length;
      this.socket.send(encodeFrame({ type: 'ack', offset: this.offset }));
    });
  }

  async type(text: string): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
    this.socket.send(encodeFrame({ type: 'input', bytes: Buffer.from(text) }));
  }

  async shows(text: string): Promise<void> {
    await until(`the terminal to show ${text}`, () => this.output.includes(text));
  }

  async closed(): Promise<number> {
    return until('the socket to close', () => this.code);
  }
}

/** An organisation with a router and its people over a real database, a real SSH server, and a gateway of agents. */
export class TestBastion {
  readonly people = new Map<string, Actor>();
  readonly organisationId = randomUUID();
  readonly routerId = randomUUID();
  readonly seen: string[] = [];
  readonly recordings = new FakeRecordings();
  /** Thrown by every transaction while set. */
  outage: Error | null = null;
  /** Null for a router whose key nobody has confirmed. */
  hostKey: string | null;

  private constructor(
    readonly urls: FreshDatabase,
    readonly database: Database,
    readonly sshd: TestSshd,
    readonly runDirectory: string,
    readonly gateway: TestGateway,
  ) {
    this.hostKey = sshd.hostKey;
  }

  static async open(urls: FreshDatabase, sshd: TestSshd): Promise<TestBastion> {
    const real = await openDatabase({ url: urls.apiUrl });
    const runDirectory = await mkdtemp(join(tmpdir(), 'np-run-'));
    const gateway = await TestGateway.open(runDirectory);
    gateway.port = sshd.port;
    const database: Database = {
      ...real,
      transaction: async (scope, work) => {
        if (bastion.outage !== null) throw bastion.outage;
        return real.transaction(scope, work);
      },
    };
    const bastion = new TestBastion(urls, database, sshd, runDirectory, gateway);
    await bastion.#seed();
    return bastion;
  }

  /** Somebody with a role in the organisation, or nobody in particular. */
  async person(role: Role | null): Promise<Actor> {
    const userId = randomUUID();
    const loginSessionId = randomUUID();
    const { User, LoginSession, Membership } = this.database.models;
    await this.database.transaction({ organisations: 'all', userId }, async (transaction) => {
      const user = { id: userId, issuer: 'https://idp.test', subject: userId, name: `person ${userId.slice(0, 4)}` };
      await User.create(
        {
          ...user,
          email: null,
          emailVerified: false,
          platformAdministrator: false,
          disabledAt: null,
          lastSignInAt: null,
        },
        { transaction },
      );
      await LoginSession.create(
        {
          id: loginSessionId,
          userId,
          expiresAt: new Date('2099-01-01'),
          revokedAt: null,
          revokedReason: null,
          userAgent: null,
          address: null,
        },
        { transaction },
      );
      if (role !== null)
        await Membership.create({ organisationId: this.organisationId, userId, role }, { transaction });
    });
    const actor: Actor = {
      userId,
      name: `person ${userId.slice(0, 4)}`,
      email: null,
      loginSessionId,
      platformAdministrator: false,
      memberships: role === null ? [] : [{ organisationId: this.organisationId, role }],
    };
    this.people.set(userId, actor);
    return actor;
  }

  async row(id: string) {
    return this.database.transaction({ organisations: 'all', userId: null }, (transaction) =>
      this.database.models.BastionSession.findByPk(id, { transaction, raw: true }),
    );
  }

  async actions(subjectId: string): Promise<string[]> {
    const rows = await this.database.transaction({ organisations: 'all', userId: null }, (transaction) =>
      this.database.models.AuditEvent.findAll({ where: { subjectId }, order: [['seq', 'ASC']], transaction }),
    );
    return rows.map(({ action }) => action);
  }

  async material(routerId: string): Promise<RouterMaterial> {
    const { user, keys } = this.sshd;
    return {
      routerId,
      organisationId: this.organisationId,
      name: 'router',
      user,
      hostKey: this.hostKey,
      algorithms: 'modern',
      authentication: {
        type: 'signer',
        publicKey: keys.ed25519.publicKey,
        sign: async (data) => keys.ed25519.sign(Buffer.from(data)),
      },
    };
  }

  async hostKeySeen(_routerId: string, key: string): Promise<void> {
    this.seen.push(key);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.database.close();
    await this.urls.drop();
    await rm(this.runDirectory, { recursive: true, force: true });
  }

  async #seed(): Promise<void> {
    const { organisationId, routerId } = this;
    await this.database.transaction({ organisations: 'all', userId: null }, async (transaction) => {
      await this.database.models.Organisation.create({ id: organisationId, name: 'organisation' }, { transaction });
    });
    const owner = await this.person('owner');
    await this.database.transaction({ organisations: 'all', userId: null }, async (transaction) => {
      await this.database.models.Router.create(
        {
          id: routerId,
          organisationId,
          ownerId: owner.userId,
          name: 'router',
          userName: this.sshd.user,
          attachment: 'enrolled',
          authentication: 'bastion_key',
          tunnelPort: null,
          tunnelKey: this.sshd.keys.rsa.publicKey,
          hostKey: this.sshd.hostKey,
          pendingHostKey: null,
          bastionPublicKey: null,
          credential: Buffer.from('sealed'),
          enrolmentTokenHash: null,
          enrolmentExpiresAt: null,
          enrolledAt: null,
          lastSeenAt: null,
        },
        { transaction },
      );
    });
    this.gateway.addTunnel(routerId, organisationId);
  }
}

/** Collects what an events socket says. */
export function listen(socket: WebSocket): PageEvent[] {
  const events: PageEvent[] = [];
  socket.on('error', () => {});
  socket.on('message', (data: Buffer) => events.push(JSON.parse(data.toString('utf8')) as PageEvent));
  return events;
}
