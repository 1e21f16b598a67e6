import { createHash } from 'node:crypto';
import { SshPublicKey } from '@netpilot/control-plane/contract/identifiers.ts';

/** A host key as a router showed it. `line` is null for a key whose kind we do not keep. */
export interface SeenHostKey {
  line: string | null;
  fingerprint: string;
}

/** @param blob the key as it is on the wire (RFC 4253, section 6.6); it comes from the router and may be anything. */
export function readHostKey(blob: Buffer): SeenHostKey {
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/u, '');
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  const line = `${blob.subarray(4, 4 + Math.min(length, 64)).toString('latin1')} ${blob.toString('base64')}`;
  return { line: SshPublicKey.safeParse(line).success ? line : null, fingerprint: `SHA256:${digest}` };
}

/** True only when the very same key was pinned. */
export function isPinned(blob: Buffer, pinned: string | null): boolean {
  const pinnedBlob = pinned?.split(' ')[1];
  return pinnedBlob !== undefined && Buffer.from(pinnedBlob, 'base64').equals(blob);
}
