import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { listenToChanges } from '@netpilot/db/changes.ts';
import { type Database, openDatabase } from '@netpilot/db/database.ts';
import { AuditAnchors } from './audit/anchors.ts';
import { type AuditLog, createAuditLog } from './audit/audit-log.ts';
import { AuditReader } from './audit/audit-reader.ts';
import { AuditVerifier } from './audit/audit-verifier.ts';
import { type AccessTokens, createAccessTokens } from './auth/access-tokens.ts';
import { type AuthCookies, createAuthCookies } from './auth/cookies.ts';
import { createLoginSessions, type LoginSessions } from './auth/login-sessions.ts';
import { createOidcSignIn, type OidcSignIn } from './auth/oidc.ts';
import type { ApiConfig } from './config.ts';
import { EventHub } from './events/event-hub.ts';
import { PersonSockets } from './events/person-sockets.ts';
import { createGatewayClient, type GatewayClient } from './gateway-client/gateway-client.ts';
import { type FileService, createFileService } from './files/files.ts';
import { createMetrics } from './http/health.ts';
import { createOperationServices, type OperationServices } from './operations/operation-services.ts';
import { createOrganisationService, type OrganisationService } from './organisations/service.ts';
import { LockBook } from './oversight/lock-book.ts';
import { LockService } from './oversight/lock-service.ts';
import { OrganisationPolicies } from './oversight/policies.ts';
import { SessionOversight } from './oversight/session-oversight.ts';
import { type Recordings, createRecordings, readSigningKey } from './recordings/recordings.ts';
import { createRouterConnections } from './routers/connections.ts';
import { createEnrolmentService, type EnrolmentService } from './routers/enrolment.ts';
import { createRouterService, type RouterService } from './routers/service.ts';
import { SandboxLinks } from './sandbox-link/sandbox-links.ts';
import { createKeyRing } from './secrets/key-ring.ts';
import { AccessCuts } from './sessions/access-cuts.ts';
import { Presence } from './sessions/presence.ts';
import { ConnectionProbe } from './sessions/probe.ts';
import { SessionReader } from './sessions/reader.ts';
import { SessionService } from './sessions/service.ts';
import { SessionWork } from './sessions/session-work.ts';
import { TERMINAL_SOCKETS_PER_PERSON } from './terminals/routes.ts';
import { startScreenWorker } from './terminals/screens/screen-thread.ts';
import { Screens } from './terminals/screens/screens.ts';
import { auditTakeOvers } from './terminals/take-over-audit.ts';
import { createUserService, type UserService } from './users/service.ts';

/** Everything the api is made of, built once; routes take the few that they use. */
export interface Services {
  readonly config: ApiConfig;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly database: Database;
  readonly gateway: GatewayClient;
  readonly accessTokens: AccessTokens;
  readonly cookies: AuthCookies;
  readonly loginSessions: LoginSessions;
  readonly oidc: OidcSignIn;
  readonly organisations: OrganisationService;
  readonly users: UserService;
  readonly audit: AuditLog;
  readonly auditReader: AuditReader;
  readonly auditVerifier: AuditVerifier;
  readonly routers: RouterService;
  readonly enrolment: EnrolmentService;
  readonly recordings: Recordings;
  readonly sessions: SessionService;
  readonly sessionReader: SessionReader;
  readonly sessionWork: SessionWork;
  readonly oversight: SessionOversight;
  readonly locks: LockService;
  readonly policies: OrganisationPolicies;
  readonly files: FileService;
  readonly network: OperationServices;
  readonly terminalSockets: PersonSockets;
  readonly events: EventHub;
  /** Takes up what an earlier process left. */
  start(): Promise<void>;
  /** Closes everything, last built first; sandboxes live on. */
  close(): Promise<void>;
}

/** The composition root: reads top to bottom as the architecture. */
export async function createServices(config: ApiConfig, log: Logger): Promise<Services> {
  const keyRing = createKeyRing(config.secretKeys);
  const database = await openDatabase({ url: config.databaseUrl });
  const signingKey = readSigningKey(config.recordings.key);
  const auditAnchors = new AuditAnchors({ database, key: signingKey, log });
  const audit = createAuditLog(database, auditAnchors);
  const auditReader = new AuditReader(database);
  const auditVerifier = new AuditVerifier(database, audit, signingKey.trusted);

  const accessTokens = createAccessTokens(config.tokenKey, config.publicUrl);
  const cookies = createAuthCookies(config.publicUrl);
  const { platformAdministrators } = config;
  const loginSessions = createLoginSessions({ database, audit, accessTokens, platformAdministrators });
  const redirectUri = `${config.publicUrl}/api/v1/auth/callback`;
  const oidc = createOidcSignIn({ ...config.oidc, redirectUri }, keyRing);

  const organisations = createOrganisationService(database, audit);
  const users = createUserService(database, audit);

  const gateway = createGatewayClient({ socketPath: config.gatewaySocket, log });
  const links = new SandboxLinks({ runDirectory: config.runDirectory, log });
  const connections = createRouterConnections(database, keyRing, audit);
  const reach = { links, connections, gateway, log };
  const probe = new ConnectionProbe({ ...reach, database });
  const presence = new Presence();
  const recordings = createRecordings({
    config: config.recordings,
    key: signingKey,
    database,
    audit,
    log,
    screenHidden: (reader, sessionId) => sessions.screenHidden(reader, sessionId),
  });
  const locks = new LockBook(database);
  const screens = new Screens(startScreenWorker, log);
  const terminals = {
    recordings: recordings.store,
    screens,
    detachedAhead: config.detachedAhead,
    events: auditTakeOvers(audit, log),
    log,
  };
  const sessions = new SessionService({
    ...reach,
    database,
    audit,
    probe,
    presence,
    locks,
    terminals,
    limits: { screenLockMs: config.screenLockMs, idleMs: config.idleMs, lifetimeMs: config.lifetimeMs },
    routerWaitMs: config.routerWaitMs,
    queuePresenceMs: config.queuePresenceMs,
  });
  const sessionReader = new SessionReader(sessions, database, presence);
  const sessionWork = new SessionWork(sessions, sessionReader, audit, loginSessions);

  const files = createFileService({ database, keyRing, audit, sessions, sessionReader, limits: config.files, log });
  const { publicUrl, tunnelAddress, externalPorts } = config;
  const enrolment = createEnrolmentService({ database, audit, gateway, publicUrl, tunnelAddress });
  const routers = createRouterService({
    database,
    audit,
    gateway,
    enrolment,
    keyRing,
    externalPorts,
    probe: (routerId, actor) => probe.probe(routerId, actor),
  });

  const terminalSockets = new PersonSockets(TERMINAL_SOCKETS_PER_PERSON);
  const events = new EventHub({ sessions, gateway, presence });
  const network = createOperationServices({ database, audit, sessions, sessionReader, events, log });
  const cuts = new AccessCuts({
    database,
    listen: (hooks) =>
      listenToChanges({
        url: config.databaseUrl,
        ...hooks,
        onChange(change) {
          hooks.onChange(change);
          events.changed(change);
        },
      }),
    sessions,
    locks,
    terminalSockets,
    eventSockets: events.sockets,
    passages: files.passages,
    log,
  });
  const lockService = new LockService({ database, audit, enforce: () => cuts.recheck() });
  const policies = new OrganisationPolicies(database, audit);
  const oversight = new SessionOversight({ sessions, reader: sessionReader, policies, audit });
  const metrics = createMetrics(() => [...sessions.active].filter(({ machine }) => machine.state === 'live').length);

  return {
    config,
    log,
    metrics,
    database,
    gateway,
    accessTokens,
    cookies,
    loginSessions,
    oidc,
    organisations,
    users,
    audit,
    auditReader,
    auditVerifier,
    routers,
    enrolment,
    recordings,
    sessions,
    sessionReader,
    sessionWork,
    oversight,
    locks: lockService,
    policies,
    files,
    network,
    terminalSockets,
    events,
    async start() {
      await Promise.all([sessions.recover(), network.runs.recover()]);
      recordings.start();
    },
    async close() {
      await cuts.close();
      await files.close();
      network.runs.close();
      events.close();
      terminalSockets.close();
      await sessions.close();
      await recordings.close();
      screens.close();
      probe.close();
      await links.close();
      gateway.close();
      await auditAnchors.close();
      await database.close();
    },
  };
}
