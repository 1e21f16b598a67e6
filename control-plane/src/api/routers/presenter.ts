import { createHash } from 'node:crypto';
import type { Router as RouterRow } from '@netpilot/db/models/router.ts';
import type { Router, TunnelState } from '../../../contract/routers.ts';

/** What leaves of a router: never a credential, and of keys the fingerprints only. */
export function presentRouter(row: RouterRow, tunnel: TunnelState): Router {
  return {
    id: row.id,
    organisationId: row.organisationId,
    ownerId: row.ownerId,
    name: row.name,
    user: row.userName,
    algorithms: row.algorithms,
    attachment: row.attachment,
    authentication: row.authentication,
    tunnelPort: row.tunnelPort,
    hostKeyFingerprint: row.hostKey === null ? null : fingerprintOf(row.hostKey),
    pendingHostKeyFingerprint: row.pendingHostKey === null ? null : fingerprintOf(row.pendingHostKey),
    enrolledAt: row.enrolledAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    tunnel: { ...tunnel, lastSeenAt: tunnel.lastSeenAt ?? row.lastSeenAt?.toISOString() ?? null },
  };
}

/** `SHA256:…` of a public key line, as OpenSSH prints it. */
export function fingerprintOf(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/u, '')}`;
}
