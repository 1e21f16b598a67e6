import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { browse, CookieJar } from '@netpilot/compose/local/browser-sign-in.ts';
import { Member } from '../../contract/organisations.ts';
import type { Me } from '../../contract/people.ts';
import { TestBastion } from '../harness/bastion.ts';
import { TestPerson } from '../harness/person.ts';
import { type Claims, FakeIssuer, type Forge, signHmac, unsigned } from './fake-issuer.ts';

const ALICE = { sub: 'alice', name: 'Alice', email: 'alice@one.test', email_verified: true };
const MALLORY = { sub: 'mallory', name: 'Mallory', email: 'mallory@evil.test', email_verified: true };

describe('forged and borrowed identities', () => {
  let issuer: FakeIssuer;
  let bastion: TestBastion;
  beforeAll(async () => {
    issuer = await FakeIssuer.start();
    bastion = await TestBastion.start({
      gateway: { NETPILOT_WARM_POOL: '0' },
      api: { NETPILOT_OIDC_ISSUER: issuer.issuer },
    });
  });
  afterAll(async () => {
    await bastion?.close();
    await issuer?.stop();
  });

  /** Goes the whole way of a sign-in as whoever the issuer says. @returns where it ended. */
  async function signIn(
    claims: Claims,
    forge?: Forge,
    jar = new CookieJar(),
  ): Promise<{ person: TestPerson; problem: string | null }> {
    issuer.signsIn(claims, forge);
    const person = new TestPerson(bastion.url);
    const { url, response } = await browse(jar, new URL('/api/v1/auth/sign-in', bastion.url));
    await response.body?.cancel();
    const cookie = jar.header(new URL(bastion.url));
    if (cookie !== null) person.jar.store(new URL(bastion.url), cookie.split('; '));
    return { person, problem: url.searchParams.get('problem') };
  }
  /** As the browser leaves for the issuer, and what the issuer sends it back with. */
  async function begin(claims: Claims): Promise<{ jar: CookieJar; callback: URL }> {
    issuer.signsIn(claims);
    const jar = new CookieJar();
    const start = new URL('/api/v1/auth/sign-in', bastion.url);
    const left = await fetch(start, { redirect: 'manual' });
    jar.store(start, left.headers.getSetCookie());
    const back = await fetch(left.headers.get('location') ?? '', { redirect: 'manual' });
    return { jar, callback: new URL(back.headers.get('location') ?? '') };
  }
  async function arrive(callback: URL, jar: CookieJar): Promise<{ location: string | null; cookies: string }> {
    const response = await fetch(callback, { redirect: 'manual', headers: { cookie: jar.header(callback) ?? '' } });
    const cookies = response.headers.getSetCookie();
    jar.store(callback, cookies);
    return { location: response.headers.get('location'), cookies: cookies.join('\n') };
  }
  const bearer = async (token: string) =>
    (await fetch(`${bastion.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status;

  describe('a sign-in again', () => {
    const now = () => Math.floor(Date.now() / 1_000);
    /** Comes back from proving again who they are, as whoever the issuer says. @returns the problem, null for none. */
    const again = async (person: TestPerson, claims: Claims): Promise<string | null> => {
      issuer.signsIn(claims);
      const { url, response } = await browse(person.jar, new URL('/api/v1/auth/sign-in-again', bastion.url));
      await response.body?.cancel();
      return url.searchParams.get('problem');
    };

    test('asks the issuer for more than a session that it has', async () => {
      const { person } = await signIn(ALICE);
      const left = await fetch(new URL('/api/v1/auth/sign-in-again', bastion.url), {
        redirect: 'manual',
        headers: { cookie: person.jar.header(new URL(bastion.url)) ?? '' },
      });
      const { searchParams } = new URL(left.headers.get('location') ?? '');
      expect([searchParams.get('prompt'), searchParams.get('max_age')]).toEqual(['login', '0']);
    });

    test.each<[string, () => Claims, string | null]>([
      ['a fresh one counts', () => ({ ...ALICE, auth_time: now() }), null],
      ['one from the issuer’s own session does not', () => ({ ...ALICE, auth_time: now() - 600 }), 'sign_in_failed'],
      ['one that does not say when does not', () => ALICE, 'sign_in_failed'],
      ['one from the future does not', () => ({ ...ALICE, auth_time: now() + 600 }), 'sign_in_failed'],
      ['one with a time that is none does not', () => ({ ...ALICE, auth_time: `${now()}` }), 'sign_in_failed'],
      ['somebody else’s does not', () => ({ ...MALLORY, auth_time: now() }), 'sign_in_failed'],
    ])('%s', async (_what, claims, problem) => {
      const { person } = await signIn(ALICE);
      const before = await person.me();
      expect(await again(person, claims())).toBe(problem);
      expect(await person.me()).toEqual(before);
    });
  });

  describe('an access token', () => {
    let alice: Me;
    let mallory: Me;
    let tokenOfMallory: string;
    let key: string;
    let publicKey: string;
    let kid: string;

    beforeAll(async () => {
      alice = await (await signIn(ALICE)).person.me();
      const attacker = (await signIn(MALLORY)).person;
      mallory = await attacker.me();
      const Issued = z.object({ accessToken: z.string() });
      tokenOfMallory = (await attacker.ask(Issued, 'POST', '/auth/tokens')).accessToken;
      key = readFileSync(join(bastion.directory, 'token_key'), 'utf8');
      const parsed = createPublicKey(key);
      publicKey = parsed.export({ type: 'spki', format: 'pem' }).toString();
      kid = createHash('sha256')
        .update(parsed.export({ type: 'spki', format: 'der' }))
        .digest('base64url');
    });

    const claims = (change: object = {}) => {
      const now = Math.floor(Date.now() / 1_000);
      const whole = {
        sub: alice.id,
        sid: alice.loginSessionId,
        iss: bastion.url,
        aud: 'netpilot-api',
        iat: now,
        exp: now + 300,
      };
      return { ...whole, ...change };
    };
    /** What is undefined in `change` is left out. */
    const signed = (change: object = {}, options: jwt.SignOptions & { with?: string } = {}) => {
      const { with: other, ...rest } = options;
      return jwt.sign(JSON.parse(JSON.stringify(claims(change))), other ?? key, {
        algorithm: 'ES256',
        keyid: kid,
        ...rest,
      });
    };
    const anotherKey = (curve = 'P-256') =>
      generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

    test('of ours opens the door, so that the others below fail for what is wrong with them', async () => {
      expect(await bearer(signed())).toBe(200);
      expect(await bearer(tokenOfMallory)).toBe(200);
    });

    test.each<[string, () => string]>([
      ['of the key of another bastion', () => signed({}, { with: anotherKey() })],
      ['of another bastion under its own key id', () => signed({}, { with: anotherKey(), keyid: 'other' })],
      ['under the key id of another', () => signed({}, { keyid: 'other' })],
      ['without a key id', () => jwt.sign(claims(), key, { algorithm: 'ES256' })],
      ['of another curve', () => signed({}, { with: anotherKey('P-384'), algorithm: 'ES384' })],
      ['that has expired', () => signed({ iat: 1, exp: Math.floor(Date.now() / 1_000) - 1 })],
      ['that is not valid yet', () => signed({ nbf: Math.floor(Date.now() / 1_000) + 600 })],
      ['without an end', () => signed({ exp: undefined })],
      ['of another issuer', () => signed({ iss: `${bastion.url}.evil.example` })],
      ['for another audience', () => signed({ aud: 'another-api' })],
      ['that nobody signed', () => unsigned(claims(), { kid })],
      ['that nobody signed, in capitals', () => unsigned(claims(), { kid, alg: 'NONE' })],
      ['signed with the public key as an HMAC secret', () => signHmac(claims(), publicKey, { kid })],
      ['signed with the key id as an HMAC secret', () => signHmac(claims(), kid, { kid })],
      [
        'with the signature of another',
        () => `${signed().split('.').slice(0, 2).join('.')}.${tokenOfMallory.split('.')[2]}`,
      ],
      ['whose signature is cut off', () => `${signed().split('.').slice(0, 2).join('.')}.`],
      [
        'with a zero signature',
        () => `${signed().split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`,
      ],
      [
        'with the key inside',
        () =>
          jwt.sign(claims(), anotherKey(), {
            algorithm: 'ES256',
            header: { alg: 'ES256', kid, jwk: createPublicKey(publicKey).export({ format: 'jwk' }) } as never,
          }),
      ],
      ['of another person with one’s own login session', () => signed({ sid: mallory.loginSessionId })],
      ['of one’s own with the login session of another person', () => signed({ sub: mallory.id })],
      ['of a login session that is not there', () => signed({ sid: randomUUID() })],
      ['of a person that is not there', () => signed({ sub: randomUUID() })],
      ['without a login session', () => signed({ sid: undefined })],
      ['with several login sessions', () => signed({ sid: [alice.loginSessionId, mallory.loginSessionId] })],
    ])('%s opens nothing', async (_name, make) => {
      expect(await bearer(make())).toBe(401);
    });

    test('ends with its login session, long before its own end', async () => {
      const { person } = await signIn(ALICE);
      const me = await person.me();
      const token = signed({ sid: me.loginSessionId });
      expect(await bearer(token)).toBe(200);
      await person.tell('POST', '/auth/sign-out');
      expect(await bearer(token)).toBe(401);
    });

    test('does not refresh, and a refresh token does not open', async () => {
      const { person } = await signIn(ALICE);
      const url = new URL(bastion.url);
      const access = person.jar.get(url, 'netpilot_access') ?? '';
      const refresh = person.jar.get(url, 'netpilot_refresh') ?? '';
      expect(await bearer(refresh)).toBe(401);
      const swapped = new TestPerson(bastion.url);
      swapped.jar.store(url, [`netpilot_refresh=${access}`, `netpilot_access=${refresh}`]);
      expect(await swapped.refusal('GET', '/me')).toEqual([401, 'unauthenticated']);
      expect(await swapped.refusal('POST', '/auth/refresh')).toEqual([401, 'unauthenticated']);
      expect(await person.me()).toBeTruthy();
    });
  });

  describe('an ID token', () => {
    test.each<[string, Forge]>([
      ['that nobody signed', (claims) => unsigned(claims, { kid: 'fake' })],
      ['signed with the public key as an HMAC secret', (claims) => signHmac(claims, issuer.publicKey, { kid: 'fake' })],
      [
        'signed with the client secret',
        (claims) => signHmac(claims, readFileSync(join(bastion.directory, 'client_secret'), 'utf8')),
      ],
      [
        'of another issuer’s key',
        (claims, sign) =>
          sign(claims, {
            key: generateKeyPairSync('rsa', { modulusLength: 2_048 })
              .privateKey.export({ type: 'pkcs8', format: 'pem' })
              .toString(),
          }),
      ],
      ['of another issuer', (claims, sign) => sign({ ...claims, iss: 'https://evil.example' })],
      ['for another client', (claims, sign) => sign({ ...claims, aud: 'another' })],
      [
        'for several clients, and authorised for another',
        (claims, sign) => sign({ ...claims, aud: [claims['aud'], 'another'], azp: 'another' }),
      ],
      ['of another attempt', (claims, sign) => sign({ ...claims, nonce: 'another' })],
      ['of no attempt', (claims, sign) => sign({ ...claims, nonce: undefined })],
      ['that has expired', (claims, sign) => sign({ ...claims, exp: 1_000_000 })],
      ['without a subject', (claims, sign) => sign({ ...claims, sub: undefined })],
      ['with an empty subject', (claims, sign) => sign({ ...claims, sub: '' })],
      ['whose verified mark is a text', (claims, sign) => sign({ ...claims, email_verified: 'true' })],
      ['with two addresses', (claims, sign) => sign({ ...claims, email: ['root@platform.test', 'mallory@evil.test'] })],
    ])('%s signs nobody in', async (_name, forge) => {
      const { person, problem } = await signIn(ALICE, forge);
      expect(problem).toBe('sign_in_failed');
      expect(person.jar.get(new URL(bastion.url), 'netpilot_access')).toBeUndefined();
      expect(await person.refusal('GET', '/me')).toEqual([401, 'unauthenticated']);
    });
  });

  describe('an e-mail address', () => {
    test.each<[string, object]>([
      ['that is not verified', { email: 'root@platform.test', email_verified: false }],
      ['of which nobody says that it is verified', { email: 'root@platform.test' }],
      ['with a tail', { email: 'root@platform.test.evil.test', email_verified: true }],
      ['with a head', { email: 'xroot@platform.test', email_verified: true }],
      ['with a tag', { email: 'root+x@platform.test', email_verified: true }],
      ['of a sub-domain', { email: 'root@sub.platform.test', email_verified: true }],
      ['of the domain alone', { email: 'other@platform.test', email_verified: true }],
    ])('%s administrates nothing', async (name, claims) => {
      const { person, problem } = await signIn({ sub: `not-root ${name}`, name: 'Root Reed', ...claims });
      expect(problem).toBeNull();
      expect((await person.me()).platformAdministrator).toBe(false);
      expect(await person.refusal('GET', '/users')).toEqual([404, 'not_found']);
    });

    test.each([
      'root@platform.test, x@evil.test',
      '"root@platform.test"@evil.test',
      'root@platform.test\n',
      'root\u0000@platform.test',
      'ｒoot@platform.test',
    ])('%j never becomes the administrator', async (email) => {
      const { person } = await signIn({ sub: `trick ${email}`, email, email_verified: true });
      expect((await person.fetch('GET', '/users')).status).not.toBe(200);
    });

    test('makes the administrator while it is verified, and no longer than that', async () => {
      const root = { sub: 'root', email: 'Root@Platform.test', email_verified: true };
      expect((await (await signIn(root)).person.me()).platformAdministrator).toBe(true);
      const later = (await signIn({ ...root, email_verified: false })).person;
      expect((await later.me()).platformAdministrator).toBe(false);
    });

    test('that is not verified is never made a member, and joins no two people', async () => {
      const { person: owner } = await signIn(MALLORY);
      const { id } = await owner.newOrganisation('Trap');
      const add = () =>
        owner.fetch('POST', `/organisations/${id}/members`, { email: 'victim@one.test', role: 'viewer' });
      await signIn({ sub: 'impostor', name: 'Impostor', email: 'victim@one.test', email_verified: false });
      expect((await add()).status).toBe(404);
      const { person: victim } = await signIn({
        sub: 'victim',
        name: 'Victim',
        email: 'victim@one.test',
        email_verified: true,
      });
      const response = await add();
      expect(response.status).toBe(201);
      expect(Member.parse(await response.json()).userId).toBe((await victim.me()).id);
      // The same address at the same issuer under another subject is another person.
      const again = (await signIn({ sub: 'impostor', name: 'I', email: 'victim@one.test', email_verified: true }))
        .person;
      expect((await again.me()).memberships).toEqual([]);
    });
  });

  describe('the way back from the issuer', () => {
    test('works once: neither the same address nor the same cookie again signs in', async () => {
      const { jar, callback } = await begin(ALICE);
      const kept = new CookieJar();
      kept.store(callback, (jar.header(callback) ?? '').split('; '));
      expect((await arrive(callback, jar)).cookies).toContain('netpilot_access=ey');
      const withoutCookie = await arrive(callback, jar);
      expect(withoutCookie).toMatchObject({ location: '/sign-in?problem=sign_in_failed' });
      const withCookie = await arrive(callback, kept);
      expect(withCookie).toMatchObject({ location: '/sign-in?problem=sign_in_failed' });
      expect(withCookie.cookies).not.toContain('netpilot_access=ey');
    });

    test('does not sign a victim in as the attacker, with the attacker’s address or the attacker’s cookie', async () => {
      const attacker = await begin(MALLORY);
      const victim = await begin(ALICE);
      // A link to the attacker's callback, opened in the victim's browser.
      const lured = await arrive(attacker.callback, victim.jar);
      expect(lured.location).toBe('/sign-in?problem=sign_in_failed');
      expect(lured.cookies).not.toContain('netpilot_access=ey');
      // The attacker's cookie planted in the victim's browser, and the victim's own way back.
      const planted = await begin(ALICE);
      const other = await begin(MALLORY);
      planted.jar.store(planted.callback, (other.jar.header(planted.callback) ?? '').split('; '));
      const back = await arrive(planted.callback, planted.jar);
      expect(back.location).toBe('/sign-in?problem=sign_in_failed');
      expect(back.cookies).not.toContain('netpilot_access=ey');
    });

    test('gives new tokens: those planted before the sign-in are worth nothing to who planted them', async () => {
      const planted = (await signIn(MALLORY)).person;
      const jar = new CookieJar();
      jar.store(new URL(bastion.url), (planted.jar.header(new URL(bastion.url)) ?? '').split('; '));
      const { person: victim } = await signIn(ALICE, undefined, jar);
      expect((await victim.me()).email).toBe('alice@one.test');
      expect((await planted.me()).email).toBe('mallory@evil.test');
      expect(victim.jar.get(new URL(bastion.url), 'netpilot_refresh')).not.toBe(
        planted.jar.get(new URL(bastion.url), 'netpilot_refresh'),
      );
    });

    test('failed as one and succeeded as another leaves nothing of the one', async () => {
      const jar = new CookieJar();
      const failed = await signIn(ALICE, (claims) => unsigned(claims), jar);
      expect(failed.problem).toBe('sign_in_failed');
      const { person } = await signIn(MALLORY, undefined, jar);
      expect((await person.me()).email).toBe('mallory@evil.test');
    });
  });
});
