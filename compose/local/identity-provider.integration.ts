import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as client from 'openid-client';
import { browse, CookieJar, signInAs } from './browser-sign-in.ts';
import { DEMO_PEOPLE } from './demo-people.ts';
import { startIdentityProvider, type IdentityProvider } from './identity-provider.ts';

const REDIRECT = 'http://localhost:1/callback';
let provider: IdentityProvider;
let config: client.Configuration;

beforeAll(async () => {
  provider = await startIdentityProvider({
    port: 0,
    clientId: 'netpilot',
    clientSecret: 'a-secret-of-this-test-only',
    redirectUris: [REDIRECT],
    people: DEMO_PEOPLE,
  });
  config = await client.discovery(new URL(provider.issuer), 'netpilot', 'a-secret-of-this-test-only', undefined, {
    execute: [client.allowInsecureRequests],
  });
});
afterAll(() => provider.stop());

/** Drives the flow until the redirect to the application, which nothing listens on. */
async function codeFor(subject: string, jar: CookieJar, extra: Record<string, string> = {}): Promise<URL> {
  const start = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope: 'openid email profile',
    ...extra,
  });
  const page = await browse(jar, start);
  expect(page.url.pathname).toMatch(/^\/interaction\//u);
  const html = await page.response.text();
  expect(html).toContain('DEMO');
  expect(html).toContain('aria-label="Continue as Alice"');
  let location = page.url;
  let request: RequestInit = { method: 'POST', body: new URLSearchParams({ subject }) };
  while (location.origin === provider.issuer) {
    const headers = { cookie: jar.header(location) ?? '' };
    const response = await fetch(location, { ...request, headers, redirect: 'manual' });
    jar.store(location, response.headers.getSetCookie());
    expect(response.status).toBe(303);
    location = new URL(response.headers.get('location') ?? '', location);
    request = {};
  }
  return location;
}

describe('the demo identity provider', () => {
  test('signs a person in with code and PKCE, with all claims in the ID token', async () => {
    const verifier = client.randomPKCECodeVerifier();
    const challenge = await client.calculatePKCECodeChallenge(verifier);
    const nonce = client.randomNonce();
    const state = client.randomState();
    const extra = { code_challenge: challenge, code_challenge_method: 'S256', nonce, state };
    const back = await codeFor('demo-alice', new CookieJar(), extra);
    const tokens = await client.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedNonce: nonce,
      expectedState: state,
    });
    expect(tokens.claims()).toMatchObject({
      iss: provider.issuer,
      sub: 'demo-alice',
      email: 'alice@demo.test',
      email_verified: true,
      name: 'Alice Archer',
    });
    await expect(client.fetchUserInfo(config, tokens.access_token, 'demo-alice')).resolves.toMatchObject({
      email: 'alice@demo.test',
    });
  });

  test('asks again who it is when the same browser signs in a second time', async () => {
    const jar = new CookieJar();
    for (const subject of ['demo-alice', 'demo-bob']) {
      const verifier = client.randomPKCECodeVerifier();
      const challenge = await client.calculatePKCECodeChallenge(verifier);
      const back = await codeFor(subject, jar, { code_challenge: challenge, code_challenge_method: 'S256' });
      const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
      expect(tokens.claims()?.sub).toBe(subject);
    }
  });

  test('refuses a sign-in without PKCE and a redirect to another address', async () => {
    const plain = client.buildAuthorizationUrl(config, { redirect_uri: REDIRECT, scope: 'openid' });
    const refused = await fetch(plain, { redirect: 'manual' });
    expect(refused.headers.get('location')).toContain('error=invalid_request');
    const verifier = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier());
    const elsewhere = client.buildAuthorizationUrl(config, {
      redirect_uri: 'http://localhost:2/callback',
      scope: 'openid',
      code_challenge: verifier,
      code_challenge_method: 'S256',
    });
    const answer = await fetch(elsewhere, { redirect: 'manual' });
    expect(answer.status).toBe(400);
  });

  test('shows the page again when somebody unknown is posted', async () => {
    const jar = new CookieJar();
    const start = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: 'openid',
      code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    });
    const landed = await signInAs(jar, start, 'nobody');
    expect(landed.url.pathname).toMatch(/^\/interaction\//u);
    await expect(landed.response.text()).resolves.toContain('Continue as Bob');
  });
});
