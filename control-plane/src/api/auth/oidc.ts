import * as client from 'openid-client';
import { z } from 'zod';
import { ProblemError } from '../errors.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { safeReturnPath } from './return-path.ts';

/** Seconds that a person has between leaving for the issuer and coming back. */
export const SIGN_IN_SECONDS = 600;
const CONTEXT = 'oidc sign-in';
/** How far the issuer's clock may be from ours. */
const CLOCK_SKEW_SECONDS = 10;

/** What must survive between the two redirects, sealed into a cookie of the browser that began. */
const Attempt = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  expiresAt: z.int(),
  /** The sign-in that is to be proved again, and since when (seconds since the epoch); null for a new one. */
  again: z.strictObject({ loginSessionId: z.uuid(), since: z.int() }).nullable(),
});

const IdentityClaims = z.object({
  sub: z.string().min(1).max(255),
  email: z.email().max(254).optional(),
  email_verified: z.boolean().optional(),
  name: z.string().max(500).optional(),
});

/** Who the issuer says came back. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly name: string;
}

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly scopes: string;
  readonly redirectUri: string;
}

/** A sign-in that the issuer has confirmed. */
export interface Completed {
  readonly identity: Identity;
  readonly returnTo: string;
  /** The sign-in that was proved again; null for a new one. */
  readonly loginSessionId: string | null;
}

export interface OidcSignIn {
  /**
   * @param loginSessionId a sign-in whose person is to prove again who they are, now and by more than a session at the issuer.
   * @returns where to send the browser, and the sealed attempt for its cookie.
   */
  begin(returnTo: string | undefined, loginSessionId?: string): Promise<{ location: string; attempt: string }>;
  /**
   * Redeems the issuer's answer.
   * @param query the query string of the callback as it came, with `?`.
   * @throws ProblemError `sign_in_failed` for anything but the answer to this very attempt.
   */
  complete(query: string, attempt: string | undefined): Promise<Completed>;
}

/**
 * OpenID Connect authorization code flow with PKCE (RFC 7636), state and nonce. The issuer is discovered at the first sign-in, so that
 * the bastion starts without it; a failed discovery is tried again.
 */
export function createOidcSignIn(options: OidcOptions, keyRing: KeyRing): OidcSignIn {
  const issuerUrl = new URL(options.issuer);
  let discovered: Promise<client.Configuration> | null = null;
  const configuration = async (): Promise<client.Configuration> => {
    discovered ??= client.discovery(
      issuerUrl,
      options.clientId,
      undefined,
      options.clientSecret === null ? client.None() : client.ClientSecretBasic(options.clientSecret),
      {
        execute: [
          // The signature of the ID token is checked as well, not only the TLS connection that it came over.
          client.enableNonRepudiationChecks,
          // Plain http is for a development issuer on this machine only.
          ...(isLoopback(issuerUrl) ? [client.allowInsecureRequests] : []),
        ],
        timeout: 15,
      },
    );
    try {
      return await discovered;
    } catch (cause) {
      discovered = null;
      throw new ProblemError('sign_in_failed', 'The identity provider does not answer.', { cause });
    }
  };

  return {
    async begin(returnTo, loginSessionId) {
      const config = await configuration();
      const attempt = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        returnTo: safeReturnPath(returnTo),
        expiresAt: nowSeconds() + SIGN_IN_SECONDS,
        again: loginSessionId === undefined ? null : { loginSessionId, since: nowSeconds() },
      };
      const location = client.buildAuthorizationUrl(config, {
        redirect_uri: options.redirectUri,
        scope: options.scopes,
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
        // OpenID Connect Core, section 3.1.2.1: both, as issuers honour one or the other.
        ...(attempt.again === null ? {} : { prompt: 'login', max_age: '0' }),
      });
      return { location: location.href, attempt: keyRing.seal(JSON.stringify(attempt), CONTEXT).toString('base64url') };
    },

    async complete(query, sealedAttempt) {
      const attempt = openAttempt(keyRing, sealedAttempt);
      const config = await configuration();
      // The public address, not the one behind a proxy: the issuer compares it.
      const currentUrl = new URL(options.redirectUri);
      currentUrl.search = query;
      try {
        const tokens = await client.authorizationCodeGrant(config, currentUrl, {
          pkceCodeVerifier: attempt.verifier,
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          idTokenExpected: true,
        });
        const idClaims = tokens.claims();
        if (idClaims === undefined) throw new Error('no id token');
        if (attempt.again !== null) checkFresh(idClaims.auth_time, attempt.again.since);
        const claims = IdentityClaims.parse(
          idClaims['email'] === undefined && config.serverMetadata().userinfo_endpoint !== undefined
            ? await client.fetchUserInfo(config, tokens.access_token, idClaims.sub)
            : idClaims,
        );
        return {
          identity: {
            issuer: config.serverMetadata().issuer,
            subject: claims.sub,
            email: claims.email?.toLowerCase() ?? null,
            emailVerified: claims.email !== undefined && claims.email_verified === true,
            name: printableName(claims.name) ?? claims.email ?? 'Somebody',
          },
          returnTo: attempt.returnTo,
          loginSessionId: attempt.again?.loginSessionId ?? null,
        };
      } catch (cause) {
        throw new ProblemError('sign_in_failed', 'The identity provider did not confirm the sign-in.', { cause });
      }
    },
  };
}

/**
 * An issuer may answer from a session of its own; `auth_time` says when it really asked (OpenID Connect Core, section 2).
 * @throws Error when that was before we did.
 */
function checkFresh(authTime: unknown, since: number): void {
  if (
    typeof authTime !== 'number' ||
    authTime < since - CLOCK_SKEW_SECONDS ||
    authTime > nowSeconds() + CLOCK_SKEW_SECONDS
  ) {
    throw new Error('the issuer did not ask the person again');
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

function openAttempt(keyRing: KeyRing, sealed: string | undefined): z.infer<typeof Attempt> {
  try {
    const attempt = Attempt.parse(JSON.parse(keyRing.open(Buffer.from(sealed ?? '', 'base64url'), CONTEXT)));
    if (attempt.expiresAt < Date.now() / 1000) throw new Error('expired');
    return attempt;
  } catch (cause) {
    throw new ProblemError('sign_in_failed', 'This sign-in was not begun here, or took too long.', { cause });
  }
}

/** A name without control characters, at most 80 characters; null when nothing is left. */
function printableName(name: string | undefined): string | null {
  const clean = name
    ?.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, 80);
  return clean === undefined || clean === '' ? null : clean;
}

function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}
