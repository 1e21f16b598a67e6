import { z } from 'zod';
import type { Database } from '@netpilot/db/database.ts';
import type { Router as RouterRow } from '@netpilot/db/models/router.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { notFound, ProblemError } from '../errors.ts';
import type { RouterMaterial } from '../sandbox-link/connection-stream.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { signForSsh, sshPublicKey } from '../secrets/ssh-key-pair.ts';
import { createPrivateKey } from 'node:crypto';
import { fingerprintOf } from './presenter.ts';

/** A session asks for its router after its own access was checked. */
const SYSTEM = { organisations: 'all', userId: null } as const;

/** What is sealed in `routers.credential`. */
export const Credential = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('password'), password: z.string() }),
  z.strictObject({ type: z.literal('private_key'), privateKey: z.string() }),
]);
export type Credential = z.infer<typeof Credential>;

export interface RouterConnections {
  /** @throws ProblemError `not_found` when the router is gone, `router_refused` when it has no credential yet. */
  material(routerId: string): Promise<RouterMaterial>;
  /** A router showed a key that is not pinned: it waits for the owner's word, and a change of a pinned key is audited. */
  hostKeySeen(routerId: string, key: string): Promise<void>;
}

/** Context that binds a sealed credential to its row. */
export function credentialContext(routerId: string): string {
  return `router ${routerId} credential`;
}

/** @returns the only opener of sealed router credentials. */
export function createRouterConnections(database: Database, keyRing: KeyRing, audit: AuditLog): RouterConnections {
  return {
    async material(routerId) {
      const row = await database.transaction(SYSTEM, (transaction) =>
        database.models.Router.findByPk(routerId, { transaction }),
      );
      if (row === null) throw notFound();
      if (row.credential === null) throw new ProblemError('router_refused', 'This router has no credential.');
      return {
        routerId,
        organisationId: row.organisationId,
        name: row.name,
        user: row.userName,
        hostKey: row.hostKey,
        algorithms: row.algorithms,
        authentication: authenticationOf(keyRing, row, row.credential),
      };
    },

    async hostKeySeen(routerId, key) {
      await database.transaction(SYSTEM, async (transaction) => {
        const row = await database.models.Router.findByPk(routerId, { transaction });
        if (row === null || row.hostKey === key || row.pendingHostKey === key) return;
        await row.update({ pendingHostKey: key }, { transaction });
        if (row.hostKey === null) return;
        await audit.record(
          {
            action: 'host_key_changed',
            organisationId: row.organisationId,
            actor: null,
            subjectId: routerId,
            details: { pinned: fingerprintOf(row.hostKey), seen: fingerprintOf(key) },
          },
          transaction,
        );
      });
    },
  };
}

function authenticationOf(keyRing: KeyRing, row: RouterRow, sealed: Buffer): RouterMaterial['authentication'] {
  const credential = Credential.parse(JSON.parse(keyRing.open(sealed, credentialContext(row.id))));
  if (credential.type === 'password') return credential;
  return {
    type: 'signer',
    publicKey: sshPublicKey(createPrivateKey(credential.privateKey)),
    sign: async (data, algorithm) => signForSsh(credential.privateKey, data, algorithm),
  };
}
