import { generateKeyPair, randomBytes, type JsonWebKey } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import type { Configuration, JWK, Provider } from 'oidc-provider';
import { LOGIN_PAGE_POLICY, loginPage, type DemoPerson } from './login-page.ts';
import { Obstacle } from './obstacle.ts';

export type { DemoPerson } from './login-page.ts';

export interface IdentityProviderOptions {
  /** Port on 127.0.0.1; 0 takes any free one. */
  port: number;
  clientId: string;
  clientSecret: string;
  redirectUris: readonly string[];
  /** Where a sign-out may lead back to. */
  postLogoutRedirectUris?: readonly string[];
  people: readonly DemoPerson[];
}

export interface IdentityProvider {
  /** Issuer identifier, `http://127.0.0.1:<port>`. */
  issuer: string;
  stop(): Promise<void>;
}

/** Bytes of a posted choice; a longer body ends the request. */
const MAX_BODY = 4_096;

/**
 * Starts an OpenID provider for development and tests on loopback: authorization code flow with PKCE (RFC 7636) only, no consent
 * page, no password. It asks at every sign-in who the person is. Keys live as long as it runs.
 * @throws Obstacle when the port is taken.
 */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const handler: { current?: (request: IncomingMessage, response: ServerResponse) => void } = {};
  const server = createServer((request, response) => handler.current?.(request, response));
  const issuer = `http://127.0.0.1:${await listen(server, options.port)}`;
  try {
    const provider = await createProvider(issuer, options);
    const protocol = provider.callback();
    handler.current = (request, response) => {
      if (!request.url?.startsWith('/interaction/')) {
        void protocol(request, response);
        return;
      }
      answerInteraction(provider, options.people, request, response).catch(() => {
        if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
        response.end('This sign-in is no longer valid. Go back and start it again.\n');
      });
    };
  } catch (error) {
    await close(server);
    throw error;
  }
  return { issuer, stop: () => close(server) };
}

async function createProvider(issuer: string, options: IdentityProviderOptions): Promise<Provider> {
  const { Provider, interactionPolicy } = await quietly(() => import('oidc-provider'));
  const policy = interactionPolicy.base();
  policy.get('login')?.checks.add(
    // One browser plays several people in the demo: never sign in silently as the one before.
    new interactionPolicy.Check('choose', 'a person must be chosen', 'login_required', (ctx) =>
      ctx.oidc.result?.login === undefined
        ? interactionPolicy.Check.REQUEST_PROMPT
        : interactionPolicy.Check.NO_NEED_TO_PROMPT,
    ),
  );
  const configuration: Configuration = {
    clients: [
      {
        client_id: options.clientId,
        client_secret: options.clientSecret,
        redirect_uris: [...options.redirectUris],
        post_logout_redirect_uris: [...(options.postLogoutRedirectUris ?? [])],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    responseTypes: ['code'],
    scopes: ['openid', 'email', 'profile'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // Clients that read the ID token only find everything in it.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    jwks: { keys: [await signingKey('RS256'), await signingKey('ES256')] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 86_400, IdToken: 600, Interaction: 3_600, Session: 86_400 },
    renderError: (ctx, out) => {
      ctx.type = 'text/plain';
      ctx.body = `The demo sign-in failed: ${out.error_description ?? out.error}\n`;
    },
    findAccount: (_ctx, subject) => {
      const person = options.people.find((candidate) => candidate.subject === subject);
      if (!person) return undefined;
      const claims = { sub: person.subject, email: person.email, email_verified: true, name: person.name };
      return { accountId: person.subject, claims: () => claims };
    },
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc;
      if (!client || !session?.accountId) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  };
  const provider = await quietly(() => new Provider(issuer, configuration));
  return provider;
}

/** Shows who can be chosen (GET) and takes the choice (POST). */
async function answerInteraction(
  provider: Provider,
  people: readonly DemoPerson[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, session } = await provider.interactionDetails(request, response);
  if (request.method === 'POST' && prompt.name === 'login') {
    const subject = new URLSearchParams(await readBody(request)).get('subject');
    if (people.some((person) => person.subject === subject)) {
      const result = { login: { accountId: subject ?? '' } };
      const location = await provider.interactionResult(request, response, result);
      if (session !== undefined) await forgetAccount(provider, session.uid);
      response.writeHead(303, { location, 'cache-control': 'no-store' }).end();
      return;
    }
  }
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': LOGIN_PAGE_POLICY,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(loginPage(people));
}

/** Signs the one before out of the provider, so that another person can take over the browser without a page in between. */
async function forgetAccount(provider: Provider, sessionUid: string): Promise<void> {
  const session = await provider.Session.findByUid(sessionUid);
  if (!session?.accountId) return;
  delete session.accountId;
  session.authorizations = {};
  await session.persist();
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY) throw new Error('the body is too long');
  }
  return body;
}

async function signingKey(algorithm: 'RS256' | 'ES256'): Promise<JWK> {
  const pair =
    algorithm === 'RS256'
      ? await promisify(generateKeyPair)('rsa', { modulusLength: 2_048 })
      : await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const key: JsonWebKey = pair.privateKey.export({ format: 'jwk' });
  return { ...key, kid: randomBytes(8).toString('hex'), use: 'sig', alg: algorithm } as JWK;
}

/** The library warns of Node 20, on which it runs, and of its in-memory store, which is what a demo wants. */
async function quietly<T>(work: () => T | Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => {};
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Obstacle(
              `Port ${port} is taken by another program: stop that or set NETPILOT_IDENTITY_PORT to a free port.`,
            )
          : error,
      );
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
