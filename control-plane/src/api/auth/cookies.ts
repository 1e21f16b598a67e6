import type { FastifyReply, FastifyRequest } from 'fastify';
import { ACCESS_TOKEN_SECONDS } from './access-tokens.ts';
import { SIGN_IN_SECONDS } from './oidc.ts';
import { REFRESH_TOKEN_SECONDS } from './login-sessions.ts';

const AUTH_PATH = '/api/v1/auth';

/** The three cookies of a sign-in; all httpOnly, and with the prefixes of RFC 6265bis where the site is https. */
export interface AuthCookies {
  setTokens(reply: FastifyReply, tokens: { accessToken: string; refreshToken: string }): void;
  clearTokens(reply: FastifyReply): void;
  setAttempt(reply: FastifyReply, attempt: string): void;
  clearAttempt(reply: FastifyReply): void;
  accessToken(request: FastifyRequest): string | undefined;
  refreshToken(request: FastifyRequest): string | undefined;
  attempt(request: FastifyRequest): string | undefined;
}

/** @param publicUrl with https the cookies are `Secure`; plain http is for development on loopback. */
export function createAuthCookies(publicUrl: string): AuthCookies {
  const secure = publicUrl.startsWith('https:');
  const names = secure
    ? { access: '__Host-netpilot_access', refresh: '__Secure-netpilot_refresh', attempt: '__Secure-netpilot_sign_in' }
    : { access: 'netpilot_access', refresh: 'netpilot_refresh', attempt: 'netpilot_sign_in' };
  const common = { httpOnly: true, secure } as const;
  const access = { ...common, path: '/', sameSite: 'lax' } as const;
  const refresh = { ...common, path: AUTH_PATH, sameSite: 'strict' } as const;
  // Lax: the issuer's redirect back is a cross-site navigation.
  const attempt = { ...common, path: `${AUTH_PATH}/callback`, sameSite: 'lax' } as const;
  return {
    setTokens(reply, tokens) {
      reply.setCookie(names.access, tokens.accessToken, { ...access, maxAge: ACCESS_TOKEN_SECONDS });
      reply.setCookie(names.refresh, tokens.refreshToken, { ...refresh, maxAge: REFRESH_TOKEN_SECONDS });
    },
    clearTokens(reply) {
      reply.clearCookie(names.access, access);
      reply.clearCookie(names.refresh, refresh);
    },
    setAttempt: (reply, value) => void reply.setCookie(names.attempt, value, { ...attempt, maxAge: SIGN_IN_SECONDS }),
    clearAttempt: (reply) => void reply.clearCookie(names.attempt, attempt),
    accessToken: (request) => request.cookies[names.access],
    refreshToken: (request) => request.cookies[names.refresh],
    attempt: (request) => request.cookies[names.attempt],
  };
}
