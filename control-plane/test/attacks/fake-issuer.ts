import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';

/** What an ID token says, as far as a test says it; the rest is as it should be. */
export interface Claims {
  readonly sub: string;
  readonly email?: unknown;
  readonly email_verified?: unknown;
  readonly name?: unknown;
  readonly [claim: string]: unknown;
}

export type Forge = (claims: Readonly<Record<string, unknown>>, sign: Sign) => string;
type Sign = (claims: object, options?: jwt.SignOptions & { key?: string }) => string;

/** Signs an ID token as the issuer should. */
const honest: Forge = (claims, sign) => sign(claims);

/**
 * An OpenID provider that lies as a test tells it to: it signs whoever is `next` in without asking, and `forge` makes the ID token.
 * A code works once, as at an honest one (RFC 6749, section 4.1.2).
 */
export class FakeIssuer {
  issuer = '';
  next: Claims = { sub: 'nobody' };
  forge: Forge = honest;
  readonly #key = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  readonly #codes = new Map<string, { claims: Claims; nonce: string; audience: string }>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<FakeIssuer> {
    const fake = new FakeIssuer();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    fake.issuer = `http://127.0.0.1:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  /** The public key as PEM: what an attacker has, to confuse algorithms with. */
  get publicKey(): string {
    return this.#key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  /** From now on this person comes back, with an honest token again. */
  signsIn(claims: Claims, forge: Forge = honest): void {
    this.next = claims;
    this.forge = forge;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer);
    const json = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (url.pathname === '/.well-known/openid-configuration') return json(200, this.#metadata());
    if (url.pathname === '/jwks') {
      const key = this.#key.publicKey.export({ format: 'jwk' });
      return json(200, { keys: [{ ...key, kid: 'fake', alg: 'RS256', use: 'sig' }] });
    }
    if (url.pathname === '/authorize') return this.#authorize(url, response);
    if (url.pathname === '/token') return json(...this.#redeem(await formOf(request)));
    json(404, {});
  }

  #metadata(): object {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }

  #authorize({ searchParams }: URL, response: ServerResponse): void {
    const code = randomBytes(16).toString('hex');
    const said = (name: string) => searchParams.get(name) ?? '';
    this.#codes.set(code, { claims: this.next, nonce: said('nonce'), audience: said('client_id') });
    const back = new URL(said('redirect_uri'));
    back.search = new URLSearchParams({ code, state: said('state') }).toString();
    response.writeHead(302, { location: back.href }).end();
  }

  #redeem(form: URLSearchParams): [number, unknown] {
    const code = form.get('code') ?? '';
    const granted = this.#codes.get(code);
    this.#codes.delete(code);
    if (granted === undefined) return [400, { error: 'invalid_grant' }];
    const { claims, nonce, audience } = granted;
    const now = Math.floor(Date.now() / 1_000);
    const whole = { iss: this.issuer, aud: audience, iat: now, exp: now + 300, nonce, ...claims };
    const sign: Sign = (said, { key, ...options } = {}) =>
      jwt.sign(said, key ?? this.#key.privateKey.export({ type: 'pkcs8', format: 'pem' }), {
        algorithm: 'RS256',
        keyid: 'fake',
        ...options,
      });
    return [200, { access_token: 'none', token_type: 'Bearer', id_token: this.forge(whole, sign) }];
  }
}

/** A token signed with HMAC over any secret; libraries refuse to make one with a public key. */
export function signHmac(claims: object, secret: string, header: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
}

/** A token that nobody signed. */
export function unsigned(claims: object, header: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT', ...header })}.${part(claims)}.`;
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return new URLSearchParams(Buffer.concat(parts).toString());
}
