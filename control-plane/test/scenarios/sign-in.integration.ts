import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { Organisation } from '../../contract/organisations.ts';
import { LoginSession, User } from '../../contract/people.ts';
import { CookieJar } from '@netpilot/compose/local/browser-sign-in.ts';
import { TestBastion } from '../harness/bastion.ts';
import { TestPerson } from '../harness/person.ts';

const REFRESH = 'netpilot_refresh';
const ACCESS = 'netpilot_access';

describe('sign-in', () => {
  let bastion: TestBastion;

  beforeAll(async () => {
    bastion = await TestBastion.start({ gateway: { NETPILOT_WARM_POOL: '0' } });
  });
  afterAll(() => bastion?.close());

  const setCookie = (person: TestPerson, name: string, value: string) =>
    person.jar.store(new URL(person.url), [`${name}=${value}; Path=/`]);
  const cookie = (person: TestPerson, name: string) => person.jar.get(new URL(person.url), name) ?? '';
  const clone = (person: TestPerson) => {
    const copy = new TestPerson(person.url);
    for (const name of [REFRESH, ACCESS]) setCookie(copy, name, cookie(person, name));
    return copy;
  };

  test('a person comes back from the issuer signed in, as who they are', async () => {
    const alice = await bastion.signIn('alice');
    expect(await alice.me()).toMatchObject({
      name: 'Alice Archer',
      email: 'alice@one.test',
      platformAdministrator: false,
    });
    const root = await bastion.signIn('root');
    expect(await root.me()).toMatchObject({ platformAdministrator: true });
  });

  test('cookies are httpOnly, and the refresh token goes to sign-in alone', async () => {
    const alice = await bastion.signIn('alice');
    const response = await alice.fetch('POST', '/auth/refresh');
    const lines = response.headers.getSetCookie();
    expect(response.status).toBe(204);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/HttpOnly/u);
    expect(lines.find((line) => line.startsWith(REFRESH))).toMatch(/Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict/u);
    expect(lines.find((line) => line.startsWith(ACCESS))).toMatch(/SameSite=Lax/u);
  });

  test('a refresh token works once; the second use revokes the whole family', async () => {
    const alice = await bastion.signIn('alice');
    const thief = clone(alice);
    await alice.tell('POST', '/auth/refresh');
    expect(await alice.me()).toBeTruthy();
    expect(await thief.refusal('POST', '/auth/refresh')).toEqual([401, 'unauthenticated']);
    expect(await alice.refusal('GET', '/me')).toEqual([401, 'unauthenticated']);
    expect(await alice.refusal('POST', '/auth/refresh')).toEqual([401, 'unauthenticated']);
  });

  test('of two refreshes at the same moment at most one gets tokens', async () => {
    const alice = await bastion.signIn('alice');
    const answers = await Promise.all(
      [clone(alice), clone(alice), clone(alice)].map((copy) => copy.fetch('POST', '/auth/refresh')),
    );
    expect(answers.filter((answer) => answer.status === 204).length).toBeLessThanOrEqual(1);
  });

  test('sign-out ends this sign-in and no other', async () => {
    const here = await bastion.signIn('alice');
    const there = await bastion.signIn('alice');
    const stolen = clone(here);
    await here.tell('POST', '/auth/sign-out');
    expect(await stolen.refusal('GET', '/me')).toEqual([401, 'unauthenticated']);
    expect(await stolen.refusal('POST', '/auth/refresh')).toEqual([401, 'unauthenticated']);
    expect(await there.me()).toBeTruthy();
  });

  test('a person sees their sign-ins and ends those elsewhere', async () => {
    const items = z.strictObject({ items: z.array(LoginSession) });
    const here = await bastion.signIn('carol');
    const there = await bastion.signIn('carol');
    const list = await here.ask(items, 'GET', '/auth/sessions');
    expect(list.items.filter((item) => item.current)).toHaveLength(1);
    expect(list.items.length).toBeGreaterThanOrEqual(2);
    const bob = await bastion.signIn('bob');
    expect(await bob.refusal('DELETE', `/auth/sessions/${list.items[0]?.id}`)).toEqual([404, 'not_found']);
    await here.tell('DELETE', '/auth/sessions');
    expect(await there.refusal('GET', '/me')).toEqual([401, 'unauthenticated']);
    expect(await here.me()).toBeTruthy();
  });

  test('the administrator of the platform disables a person at once, and for others that page does not exist', async () => {
    const users = z.object({ items: z.array(User) });
    const root = await bastion.signIn('root');
    const bob = await bastion.signIn('bob');
    const { items } = await root.ask(users, 'GET', '/users');
    const id = items.find((user) => user.email === 'bob@two.test')?.id;
    expect(await bob.refusal('GET', '/users')).toEqual([404, 'not_found']);
    expect(await bob.refusal('PATCH', `/users/${id}`, { disabled: true })).toEqual([404, 'not_found']);
    await root.ask(User, 'PATCH', `/users/${id}`, { disabled: true });
    expect(await bob.refusal('GET', '/me')).toEqual([401, 'unauthenticated']);
    await expect(bastion.signIn('bob')).rejects.toThrow('problem=forbidden');
    await root.ask(User, 'PATCH', `/users/${id}`, { disabled: false });
    await bastion.signIn('bob');
    const me = await root.me();
    expect(await root.refusal('PATCH', `/users/${me.id}`, { disabled: true })).toEqual([409, 'conflict']);
  });

  test.each([
    ['no token', ''],
    ['a word', 'abc'],
    ['a token nobody signed', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
    ['half a token', 'eyJhbGciOiJFUzI1NiJ9.e30'],
  ])('%s is nobody', async (_, token) => {
    const nobody = new TestPerson(bastion.url);
    expect(await nobody.refusal('GET', '/me', undefined, { authorization: `Bearer ${token}` })).toEqual([
      401,
      'unauthenticated',
    ]);
    if (token !== '') setCookie(nobody, ACCESS, token);
    expect(await nobody.refusal('GET', '/routers')).toEqual([401, 'unauthenticated']);
  });

  test('a bearer token does what the cookie does', async () => {
    const alice = await bastion.signIn('alice');
    const { accessToken } = await alice.ask(z.object({ accessToken: z.string() }), 'POST', '/auth/tokens');
    const program = new TestPerson(bastion.url);
    const response = await fetch(`${bastion.url}/api/v1/me`, { headers: { authorization: `Bearer ${accessToken}` } });
    expect(response.status).toBe(200);
    expect(await program.refusal('GET', '/me')).toEqual([401, 'unauthenticated']);
  });

  describe('the way back from the issuer', () => {
    const begin = async () => {
      const jar = new CookieJar();
      const response = await fetch(`${bastion.url}/api/v1/auth/sign-in?return_to=https://evil.example/`, {
        redirect: 'manual',
      });
      jar.store(new URL(bastion.url), response.headers.getSetCookie());
      return { jar, issuer: new URL(response.headers.get('location') ?? '') };
    };
    const callback = async (query: string, jar: CookieJar | null) => {
      const target = new URL(`/api/v1/auth/callback${query}`, bastion.url);
      const response = await fetch(target, { redirect: 'manual', headers: { cookie: jar?.header(target) ?? '' } });
      return { location: response.headers.get('location'), cookies: response.headers.getSetCookie().join('\n') };
    };

    test('the request to the issuer carries PKCE, state and nonce', async () => {
      const { issuer } = await begin();
      expect(issuer.origin).toBe(bastion.issuer);
      expect(issuer.searchParams.get('code_challenge_method')).toBe('S256');
      for (const name of ['code_challenge', 'state', 'nonce'])
        expect(issuer.searchParams.get(name)?.length).toBeGreaterThan(20);
    });

    test.each([
      ['without the cookie of the one who began', async () => callback('?code=x&state=y', null)],
      ['with another state', async () => callback('?code=x&state=another', (await begin()).jar)],
      [
        'with a code nobody issued',
        async () => {
          const { jar, issuer } = await begin();
          const state = issuer.searchParams.get('state') ?? '';
          return callback(`?code=forged&state=${state}&iss=${encodeURIComponent(bastion.issuer)}`, jar);
        },
      ],
      [
        'of another issuer (mix-up)',
        async () => {
          const { jar, issuer } = await begin();
          return callback(`?code=x&state=${issuer.searchParams.get('state')}&iss=https%3A%2F%2Fevil.example`, jar);
        },
      ],
      ['with an error', async () => callback('?error=access_denied', (await begin()).jar)],
      [
        'with a cookie that somebody made',
        async () => {
          const jar = new CookieJar();
          jar.store(new URL(bastion.url), [`netpilot_sign_in=${Buffer.from('{"state":"y"}').toString('base64url')}`]);
          return callback('?code=x&state=y', jar);
        },
      ],
    ])('a callback %s signs nobody in', async (_, attempt) => {
      const { location, cookies } = await attempt();
      expect(location).toBe('/sign-in?problem=sign_in_failed');
      expect(cookies).not.toContain(`${ACCESS}=ey`);
    });

    test('a foreign return path leads home', async () => {
      const person = new TestPerson(bastion.url);
      const { signInAs } = await import('@netpilot/compose/local/browser-sign-in.ts');
      const { url, response } = await signInAs(
        person.jar,
        new URL('/api/v1/auth/sign-in?return_to=//evil.example', bastion.url),
        'alice',
      );
      await response.body?.cancel();
      expect(url.origin).toBe(bastion.url);
      expect(await person.me()).toBeTruthy();
    });

    test('a failed sign-in as one and a good one as another is the other', async () => {
      const person = new TestPerson(bastion.url);
      await person.signIn('alice');
      const { location } = await callback('?error=access_denied', person.jar);
      expect(location).toContain('problem');
      await person.signIn('bob');
      expect((await person.me()).email).toBe('bob@two.test');
    });
  });

  test('a request from another site changes nothing', async () => {
    const alice = await bastion.signIn('alice');
    for (const origin of [
      'https://evil.example',
      'null',
      bastion.url.replace('http', 'https'),
      `${bastion.url}.evil.example`,
    ]) {
      expect(await alice.refusal('POST', '/organisations', { name: 'Stolen' }, { origin })).toEqual([
        403,
        'wrong_origin',
      ]);
    }
    const { items } = await alice.ask(z.strictObject({ items: z.array(Organisation) }), 'GET', '/organisations');
    expect(items.filter((item) => item.name === 'Stolen')).toEqual([]);
  });
});
