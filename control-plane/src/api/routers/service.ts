import { randomUUID } from 'node:crypto';
import { UniqueConstraintError, type Transaction } from 'sequelize';
import type { z } from 'zod';
import type { Database } from '@netpilot/db/database.ts';
import type { Router as RouterRow } from '@netpilot/db/models/router.ts';
import type { ConnectionReport } from '../../../contract/agent.ts';
import type { PageQuery } from '../../../contract/page.ts';
import {
  CONNECTION_FINDINGS,
  type ConnectionTest,
  type Enrolment,
  type Router,
  type RouterChange,
  type RouterCreated,
  type RouterInput,
} from '../../../contract/routers.ts';
import { type Actor, scopeOf } from '../access/actor.ts';
import { type Action, authorise, can } from '../access/policy.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { notFound, ProblemError } from '../errors.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';
import { afterCursor, NEWEST_FIRST, toPage } from '../http/pages.ts';
import { importPrivateKey } from '../secrets/import-private-key.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { makeSshKeyPair } from '../secrets/ssh-key-pair.ts';
import { type Credential, credentialContext } from './connections.ts';
import type { EnrolmentService } from './enrolment.ts';
import { fingerprintOf, presentRouter } from './presenter.ts';
import { withRouterOf } from './with-router.ts';

export interface RouterService {
  list(
    actor: Actor,
    query: PageQuery & { organisationId?: string },
  ): Promise<{ items: Router[]; nextCursor: string | null }>;
  get(actor: Actor, id: string): Promise<Router>;
  create(actor: Actor, input: z.output<typeof RouterInput>): Promise<RouterCreated>;
  change(actor: Actor, id: string, change: RouterChange): Promise<Router>;
  remove(actor: Actor, id: string): Promise<void>;
  newEnrolment(actor: Actor, id: string): Promise<Enrolment>;
  /** Connects once from a sandbox of its own and says what it found. */
  test(actor: Actor, id: string): Promise<ConnectionTest>;
  /** Pins the key that waits, if it is the one whose fingerprint the person compared. @throws ProblemError `conflict` otherwise. */
  confirmHostKey(actor: Actor, id: string, fingerprint: string): Promise<Router>;
}

/** The last line of an agent's connection attempt, or what was known without one. */
export type ProbeOutcome =
  | Extract<ConnectionReport, { type: 'connected' | 'failed' }>
  | {
      readonly type: 'failed';
      readonly finding: 'no_tunnel';
      readonly detail: string;
      readonly hostKey: null;
      readonly fingerprint: null;
    };

export interface RouterServiceOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly gateway: Pick<GatewayClient, 'call' | 'tunnel'>;
  readonly enrolment: EnrolmentService;
  readonly keyRing: KeyRing;
  readonly probe: (routerId: string, actor: Actor) => Promise<ProbeOutcome>;
  readonly externalPorts: { readonly low: number; readonly high: number };
}

/** Routers of an organisation. Every method throws ProblemError `not_found` for what the actor may not know of. */
export function createRouterService(options: RouterServiceOptions): RouterService {
  const { database, audit, gateway, enrolment, keyRing } = options;
  const { Router: Routers } = database.models;
  const present = (row: RouterRow) => presentRouter(row, gateway.tunnel(row.id));

  const withRouter = <T>(
    actor: Actor,
    id: string,
    action: Action,
    work: (row: RouterRow, transaction: Transaction) => Promise<T>,
  ): Promise<T> => withRouterOf(database, actor, id, action, work);

  const seal = (routerId: string, credential: Credential) =>
    keyRing.seal(JSON.stringify(credential), credentialContext(routerId));

  const createEnrolled = async (
    actor: Actor,
    input: Extract<z.output<typeof RouterInput>, { attachment: 'enrolled' }>,
  ) => {
    const id = randomUUID();
    const pair = makeSshKeyPair();
    await database.transaction(scopeOf(actor), async (transaction) => {
      await Routers.create(
        {
          ...common(actor, id, input),
          attachment: 'enrolled',
          authentication: 'bastion_key',
          userName: 'root',
          bastionPublicKey: pair.publicKey,
          credential: seal(id, { type: 'private_key', privateKey: pair.privateKey }),
        },
        { transaction },
      );
      await recordCreated(actor, id, input, transaction);
    });
    try {
      await gateway.call({ verb: 'allocate_port', routerId: id });
    } catch (error) {
      // Without a port the row is of no use; the person tries again.
      await database.transaction(scopeOf(actor), (transaction) => Routers.destroy({ where: { id }, transaction }));
      throw error;
    }
    return database.transaction(scopeOf(actor), async (transaction) => {
      const row = await Routers.findByPk(id, { transaction });
      if (row === null) throw notFound();
      const line = await enrolment.issue(row, transaction);
      return { router: present(row), enrolment: line };
    });
  };

  const createManual = async (actor: Actor, input: Extract<z.output<typeof RouterInput>, { attachment: 'manual' }>) => {
    const { low, high } = options.externalPorts;
    if (input.tunnelPort < low || input.tunnelPort > high) {
      throw new ProblemError(
        'invalid_request',
        `A tunnel that somebody else holds must use a port from ${low} to ${high}.`,
      );
    }
    const id = randomUUID();
    const { credential, publicKey } = credentialOf(input.credential);
    try {
      return await database.transaction(scopeOf(actor), async (transaction) => {
        const row = await Routers.create(
          {
            ...common(actor, id, input),
            attachment: 'manual',
            authentication: credential.type,
            userName: input.user,
            tunnelPort: input.tunnelPort,
            bastionPublicKey: publicKey,
            credential: seal(id, credential),
          },
          { transaction },
        );
        await recordCreated(actor, id, input, transaction);
        return { router: present(row), enrolment: null };
      });
    } catch (error) {
      if (error instanceof UniqueConstraintError) throw new ProblemError('port_taken', undefined, { cause: error });
      throw error;
    }
  };

  const recordCreated = (actor: Actor, id: string, input: z.output<typeof RouterInput>, transaction: Transaction) =>
    audit.record(
      {
        action: 'router_created',
        organisationId: input.organisationId,
        actor,
        subjectId: id,
        details: { name: input.name, attachment: input.attachment },
      },
      transaction,
    );

  return {
    async list(actor, { organisationId, cursor, limit }) {
      if (organisationId !== undefined) authorise(actor, 'router.read', { organisationId }, false);
      const rows = await database.transaction(scopeOf(actor), (transaction) =>
        Routers.findAll({
          where: { ...(organisationId === undefined ? {} : { organisationId }), ...afterCursor(cursor) },
          order: NEWEST_FIRST,
          limit: limit + 1,
          transaction,
        }),
      );
      return toPage(rows, limit, (row) => row.createdAt, present);
    },

    get: (actor, id) => withRouter(actor, id, 'router.read', async (row) => present(row)),

    async create(actor, input) {
      const { organisationId } = input;
      authorise(actor, 'router.create', { organisationId }, can(actor, 'router.read', { organisationId }));
      return input.attachment === 'enrolled' ? createEnrolled(actor, input) : createManual(actor, input);
    },

    change: (actor, id, change) =>
      withRouter(actor, id, 'router.change', async (row, transaction) => {
        await row.update(change, { transaction });
        await audit.record(
          { action: 'router_changed', organisationId: row.organisationId, actor, subjectId: id, details: change },
          transaction,
        );
        return present(row);
      }),

    async remove(actor, id) {
      await withRouter(actor, id, 'router.delete', async (row, transaction) => {
        await audit.record(
          {
            action: 'router_deleted',
            organisationId: row.organisationId,
            actor,
            subjectId: id,
            details: { name: row.name },
          },
          transaction,
        );
        await row.destroy({ transaction });
      });
      // The row is gone, and with it the right to the port; the gateway would notice by itself at the next dial.
      await gateway.call({ verb: 'drop_tunnel', routerId: id }).catch(() => undefined);
    },

    newEnrolment: (actor, id) =>
      withRouter(actor, id, 'router.change', async (row, transaction) => {
        if (row.attachment !== 'enrolled')
          throw new ProblemError('conflict', 'The tunnel of this router is held by somebody else.');
        await audit.record(
          { action: 'router_enrolment_issued', organisationId: row.organisationId, actor, subjectId: id },
          transaction,
        );
        return enrolment.issue(row, transaction);
      }),

    async test(actor, id) {
      const organisationId = await withRouter(actor, id, 'router.test', async (row) => row.organisationId);
      const outcome = await options.probe(id, actor);
      const result = presentTest(outcome);
      await audit.record({
        action: 'router_tested',
        organisationId,
        actor,
        subjectId: id,
        details: { finding: result.finding },
      });
      return result;
    },

    confirmHostKey: (actor, id, fingerprint) =>
      withRouter(actor, id, 'router.confirm_host_key', async (row, transaction) => {
        if (row.pendingHostKey === null || fingerprintOf(row.pendingHostKey) !== fingerprint) {
          throw new ProblemError(
            'conflict',
            'The key that waits is not the one you compared. Test the connection again.',
          );
        }
        await row.update({ hostKey: row.pendingHostKey, pendingHostKey: null }, { transaction });
        await audit.record(
          {
            action: 'host_key_pinned',
            organisationId: row.organisationId,
            actor,
            subjectId: id,
            details: { fingerprint },
          },
          transaction,
        );
        return present(row);
      }),
  };
}

function common(actor: Actor, id: string, input: z.output<typeof RouterInput>) {
  return {
    id,
    organisationId: input.organisationId,
    ownerId: actor.userId,
    name: input.name,
    algorithms: input.algorithms,
    tunnelPort: null,
    tunnelKey: null,
    hostKey: null,
    pendingHostKey: null,
    enrolmentTokenHash: null,
    enrolmentExpiresAt: null,
    enrolledAt: null,
    lastSeenAt: null,
  };
}

function credentialOf(input: Extract<z.output<typeof RouterInput>, { attachment: 'manual' }>['credential']): {
  credential: Credential;
  publicKey: string | null;
} {
  if (input.type === 'password') return { credential: input, publicKey: null };
  const pair = importPrivateKey(input.privateKey);
  if (pair === null) {
    throw new ProblemError('invalid_request', 'This is not a private key in OpenSSH or PEM form without a passphrase.');
  }
  return { credential: { type: 'private_key', privateKey: pair.privateKey }, publicKey: pair.publicKey };
}

function presentTest(outcome: ProbeOutcome): ConnectionTest {
  const finding = outcome.type === 'connected' ? 'ok' : outcome.finding;
  return {
    finding,
    explanation: CONNECTION_FINDINGS[finding],
    detail: outcome.type === 'connected' ? outcome.serverIdent : outcome.detail,
    fingerprint: outcome.fingerprint,
    milliseconds: outcome.type === 'connected' ? outcome.milliseconds : null,
  };
}
