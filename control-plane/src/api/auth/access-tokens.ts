import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';

/** Life of an access token in seconds; its login session is asked for at every request all the same. */
export const ACCESS_TOKEN_SECONDS = 600;
const AUDIENCE = 'netpilot-api';

const Claims = z.object({ sub: Id, sid: Id, exp: z.int() });

export interface AccessClaims {
  readonly userId: string;
  readonly loginSessionId: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export interface AccessTokens {
  issue(subject: { userId: string; loginSessionId: string }): string;
  /** @returns null for anything but a valid token of ours: expired, forged, of another issuer, audience, key or algorithm. */
  verify(token: string): AccessClaims | null;
}

/**
 * Access tokens as JWTs (RFC 7519), ES256 only.
 * @param privateKeyPem a P-256 private key.
 * @param issuer public URL of this bastion.
 * @throws Error when the key is not a P-256 key.
 */
export function createAccessTokens(privateKeyPem: string, issuer: string): AccessTokens {
  const privateKey = createPrivateKey(privateKeyPem);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new Error('the token key must be a P-256 key');
  const publicKey = createPublicKey(privateKeyPem);
  const keyId = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return {
    issue: ({ userId, loginSessionId }) =>
      jwt.sign({ sid: loginSessionId }, privateKey, {
        algorithm: 'ES256',
        keyid: keyId,
        subject: userId,
        issuer,
        audience: AUDIENCE,
        expiresIn: ACCESS_TOKEN_SECONDS,
      }),
    verify(token) {
      try {
        const { header, payload } = jwt.verify(token, publicKey, {
          algorithms: ['ES256'],
          issuer,
          audience: AUDIENCE,
          complete: true,
        });
        if (header.kid !== keyId) return null;
        const claims = Claims.parse(payload);
        return { userId: claims.sub, loginSessionId: claims.sid, expiresAt: claims.exp };
      } catch {
        return null;
      }
    },
  };
}
