import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type WebSocket from 'ws';
import { TestBastion } from '../harness/bastion.ts';
import { TestPerson } from '../harness/person.ts';

/** What a WebSocket attempt came to: the status of a refusal, or `open`. */
function outcomeOf(socket: WebSocket): Promise<number | 'open'> {
  return new Promise((resolve) => {
    socket.on('open', () => {
      resolve('open');
      socket.terminate();
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', () => undefined);
  });
}

describe('requests from other sites', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  beforeAll(async () => {
    bastion = await TestBastion.start({ gateway: { NETPILOT_WARM_POOL: '0' } });
    alice = await bastion.signIn('alice');
  });
  afterAll(() => bastion?.close());

  const foreign = () => [
    'https://evil.example',
    'null',
    bastion.url.replace('http:', 'https:'),
    bastion.url.replace('127.0.0.1', 'localhost'),
    `${bastion.url}.evil.example`,
    `${bastion.url}:80`,
    bastion.url.replace('//', '//evil.'),
    bastion.url.toUpperCase(),
  ];

  test('no WebSocket opens from another origin, with all cookies in hand', async () => {
    expect(await outcomeOf(alice.webSocket('/events'))).toBe('open');
    for (const origin of foreign()) {
      expect([origin, await outcomeOf(alice.webSocket('/events', { origin }))]).toEqual([origin, 403]);
    }
  });

  test('a WebSocket without an origin does not open with a cookie, and does with a bearer token', async () => {
    const { default: WebSocketClient } = await import('ws');
    const url = `${bastion.url.replace('http', 'ws')}/api/v1/events`;
    const cookie = alice.jar.header(new URL(bastion.url)) ?? '';
    expect(await outcomeOf(new WebSocketClient(url, { headers: { cookie } }))).toBe(403);
    const answer = (await (await alice.fetch('POST', '/auth/tokens')).json()) as { accessToken: string };
    expect(
      await outcomeOf(new WebSocketClient(url, { headers: { authorization: `Bearer ${answer.accessToken}` } })),
    ).toBe('open');
    expect(await outcomeOf(new WebSocketClient(url))).toBe(401);
  });

  test('no unsafe method passes from another origin', async () => {
    for (const origin of foreign()) {
      for (const [method, path] of [
        ['POST', '/organisations'],
        ['POST', '/auth/refresh'],
        ['POST', '/auth/sign-out'],
        ['DELETE', '/auth/sessions'],
      ] as const) {
        expect([origin, path, await alice.refusal(method, path, { name: 'x' }, { origin })]).toEqual([
          origin,
          path,
          [403, 'wrong_origin'],
        ]);
      }
    }
    expect(await alice.me()).toBeTruthy();
  });

  test('nobody may frame the page, and no script but our own runs', async () => {
    const { headers } = await fetch(`${bastion.url}/api/v1/health/live`);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toMatch(/script-src 'self'(;|$)/u);
    expect(policy).not.toContain('unsafe-eval');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('forwarding headers of a stranger count for nothing', async () => {
    const person = new TestPerson(bastion.url);
    await person.signIn('bob');
    const headers = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=203.0.113.9;host=evil.example',
    };
    const started = await fetch(`${bastion.url}/api/v1/auth/sign-in`, { redirect: 'manual', headers });
    expect(started.headers.get('location')).not.toContain('evil');
    expect((await fetch(`${bastion.url}/api/v1/metrics`)).status).toBe(200);
    expect((await fetch(`${bastion.url}/api/v1/metrics`, { headers })).status).toBe(404);
    const list = (await (await person.fetch('GET', '/auth/sessions')).json()) as { items: { address: string }[] };
    expect(list.items.map((item) => item.address)).toEqual(['127.0.0.1']);
  });

  test('a spoofed address does not escape the rate limit', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 70; index += 1) {
      const response = await fetch(`${bastion.url}/api/v1/enrolment/script`, {
        method: 'POST',
        body: new URLSearchParams({ token: 'A'.repeat(43) }),
        headers: { 'x-forwarded-for': `203.0.113.${index}` },
      });
      statuses.push(response.status);
      await response.body?.cancel();
    }
    expect(statuses).toContain(429);
  });
});
