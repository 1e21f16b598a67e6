import { createHash, randomBytes } from 'node:crypto';
import type { Transaction } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { Router as RouterRow } from '@netpilot/db/models/router.ts';
import type { Enrolment, EnrolmentReport } from '../../../contract/routers.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { ProblemError } from '../errors.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';
import { enrolmentScript, installLine, REMOVE_LINE } from './enrolment-script.ts';
import { fingerprintOf } from './presenter.ts';

/** Life of a line to paste, in milliseconds. */
const ENROLMENT_MS = 3_600_000;
/** A router has no organisation's scope: its token is what it knows. */
const BY_TOKEN = { organisations: 'all', userId: null } as const;

export interface EnrolmentService {
  /** Makes a new line for a router; the one before stops working. Runs in the caller's transaction. */
  issue(router: RouterRow, transaction: Transaction): Promise<Enrolment>;
  /** The script for a live token. @throws ProblemError `enrolment_expired`, the same for unknown, used and expired ones. */
  script(token: string): Promise<string>;
  /** Takes the router's keys in exchange for the token. @throws ProblemError `enrolment_expired` or `conflict` for a key in use. */
  accept(report: EnrolmentReport): Promise<void>;
}

export interface EnrolmentOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly gateway: Pick<GatewayClient, 'call'>;
  readonly publicUrl: string;
  readonly tunnelAddress: { readonly host: string; readonly port: number };
}

/** @returns the owner of one-time enrolment tokens; only their hashes are stored. */
export function createEnrolmentService({
  database,
  audit,
  gateway,
  publicUrl,
  tunnelAddress,
}: EnrolmentOptions): EnrolmentService {
  const routerOf = async (token: string, transaction: Transaction): Promise<RouterRow> => {
    const row = await database.models.Router.findOne({
      where: { enrolmentTokenHash: hashOf(token) },
      lock: transaction.LOCK.UPDATE,
      transaction,
    });
    if (row === null || row.enrolmentExpiresAt === null || row.enrolmentExpiresAt < new Date()) {
      throw new ProblemError('enrolment_expired');
    }
    return row;
  };

  return {
    async issue(router, transaction) {
      const token = randomBytes(32).toString('base64url');
      const expiresAt = new Date(Date.now() + ENROLMENT_MS);
      await router.update({ enrolmentTokenHash: hashOf(token), enrolmentExpiresAt: expiresAt }, { transaction });
      return { install: installLine(publicUrl, token), remove: REMOVE_LINE, expiresAt: expiresAt.toISOString() };
    },

    async script(token) {
      const { port, key } = await database.transaction(BY_TOKEN, async (transaction) => {
        const row = await routerOf(token, transaction);
        return { port: row.tunnelPort, key: row.bastionPublicKey };
      });
      if (port === null || key === null) throw new ProblemError('enrolment_expired');
      const tunnel = await gateway.call({ verb: 'health' });
      return enrolmentScript({
        publicUrl,
        token,
        tunnelHost: tunnelAddress.host,
        tunnelServerPort: tunnelAddress.port,
        tunnelUser: tunnel.tunnelUser,
        tunnelHostKey: tunnel.tunnelHostKey,
        port,
        bastionPublicKey: key,
      });
    },

    async accept(report) {
      const routerId = await database.transaction(BY_TOKEN, async (transaction) => {
        const row = await routerOf(report.token, transaction);
        const taken = await database.models.Router.findOne({ where: { tunnelKey: report.key }, transaction });
        if (taken !== null && taken.id !== row.id)
          throw new ProblemError('conflict', 'This router is attached already.');
        await row.update(
          {
            tunnelKey: report.key,
            hostKey: report.host_key,
            pendingHostKey: null,
            userName: report.user,
            enrolledAt: new Date(),
            enrolmentTokenHash: null,
            enrolmentExpiresAt: null,
          },
          { transaction },
        );
        await audit.record(
          {
            action: 'router_enrolled',
            organisationId: row.organisationId,
            actor: null,
            subjectId: row.id,
            details: { hostKey: fingerprintOf(report.host_key), tunnelKey: fingerprintOf(report.key) },
          },
          transaction,
        );
        return row.id;
      });
      // A tunnel that stands under the former key must not outlive it.
      await gateway.call({ verb: 'drop_tunnel', routerId });
    },
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
