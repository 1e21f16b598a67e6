import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startAgent } from '../src/agent.ts';
import type { Agent } from '../src/agent.ts';
import { startSshd } from './sshd.ts';
import type { TestSshd } from './sshd.ts';
import { connectLine, TestLink, until } from './test-link.ts';
import type { ConnectLine } from './test-link.ts';

let sshd: TestSshd;
let link: TestLink;
let agent: Agent;
const errors: unknown[] = [];

beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd.stop();
});
beforeEach(async () => {
  errors.length = 0;
  link = await TestLink.open();
  link.target = sshd.port;
  agent = startAgent({ directory: link.directory, report: (error) => errors.push(error), keepaliveMs: 1_000 });
});
afterEach(async () => {
  await agent.stop();
  await link.close();
  expect(errors).toEqual([]);
});

const line = (change: Partial<ConnectLine> = {}): ConnectLine => ({ ...connectLine(sshd), ...change });

describe('signing outside the sandbox', () => {
  test.each(['ed25519', 'rsa', 'ecdsa'] as const)('connects with an %s key that the agent never has', async (kind) => {
    await link.openControl();
    await link.openTunnel();
    const key = sshd.keys[kind];
    const connection = await link.connect(line({ authentication: { type: 'signer', publicKey: key.publicKey } }), key);
    const outcome = await connection.outcome();
    expect(outcome).toMatchObject({ type: 'connected', hostKey: sshd.hostKey });
    expect(outcome).toHaveProperty('serverIdent', expect.stringMatching(/^SSH-2\.0-OpenSSH/u));
    expect(await link.request('GET', '/v1/status')).toMatchObject({ status: 200, body: { connected: true } });
  });

  test('a declined signature is wrong credentials', async () => {
    await link.openControl();
    await link.openTunnel();
    const connection = await link.connect(line());
    const sign = await until('the request to sign', () => connection.reports.find((report) => report.type === 'sign'));
    if (sign.type === 'sign') connection.send({ type: 'signature', id: sign.id, signature: null });
    expect(await connection.outcome()).toMatchObject({ type: 'failed', finding: 'wrong_credentials' });
    await until('the end of the stream', () => connection.ended);
  });
});

describe('the pin', () => {
  test('without one nothing is offered to the router, and the key is reported', async () => {
    await link.openControl();
    await link.openTunnel();
    const connection = await link.connect(line({ hostKey: null }), sshd.keys.ed25519);
    expect(await connection.outcome()).toMatchObject({
      type: 'failed',
      finding: 'host_key_unconfirmed',
      hostKey: sshd.hostKey,
      fingerprint: expect.stringMatching(/^SHA256:/u),
    });
    expect(connection.reports.some((report) => report.type === 'sign')).toBe(false);
  });

  test('another key is a hard stop', async () => {
    await link.openControl();
    await link.openTunnel();
    const connection = await link.connect(line({ hostKey: sshd.keys.ed25519.publicKey }), sshd.keys.ed25519);
    expect(await connection.outcome()).toMatchObject({ finding: 'host_key_changed', hostKey: sshd.hostKey });
    expect(connection.reports.some((report) => report.type === 'sign')).toBe(false);
    expect(await link.request('GET', '/v1/status')).toMatchObject({ body: { connected: false } });
  });

  test('another pin on an open connection ends it', async () => {
    await link.openControl();
    await link.openTunnel();
    await (await link.connect(line(), sshd.keys.ed25519)).outcome();
    const second = await link.connect(line({ hostKey: sshd.keys.ed25519.publicKey }), sshd.keys.ed25519);
    expect(await second.outcome()).toMatchObject({ finding: 'host_key_changed' });
    expect(await link.request('GET', '/v1/status')).toMatchObject({ body: { connected: false } });
  });
});

describe('findings', () => {
  test('no tunnel socket', async () => {
    await link.openControl();
    const connection = await link.connect(line());
    expect(await connection.outcome()).toMatchObject({ type: 'failed', finding: 'no_tunnel' });
  });

  test('a tunnel that ends before the first byte is a refusal', async () => {
    link.target = (socket) => socket.once('data', () => socket.end());
    await link.openControl();
    await link.openTunnel();
    expect(await (await link.connect(line())).outcome()).toMatchObject({ finding: 'refused' });
  });

  test('a router that says nothing', async () => {
    link.target = (socket) => socket.resume();
    await link.openControl();
    await link.openTunnel();
    expect(await (await link.connect(line({ timeoutMs: 1_000 }))).outcome()).toMatchObject({ finding: 'timeout' });
  });

  test('words of the router are bounded and printable', async () => {
    link.target = (socket) => socket.end(`Go away\u001b[31m\u0007\r\n${'x'.repeat(20_000)}\r\n`);
    await link.openControl();
    await link.openTunnel();
    const outcome = await (await link.connect(line())).outcome();
    expect(outcome).toMatchObject({ type: 'failed', finding: 'failed' });
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(outcome).toHaveProperty('detail', expect.not.stringMatching(/[\u0000-\u001f]/u));
  });

  test('only outdated algorithms', async () => {
    const old = await startSshd(['KexAlgorithms diffie-hellman-group14-sha1', 'Ciphers aes128-cbc', 'MACs hmac-sha1']);
    try {
      link.target = old.port;
      await link.openControl();
      await link.openTunnel();
      const modern = await link.connect(line({ hostKey: old.hostKey }), old.keys.ed25519);
      expect(await modern.outcome()).toMatchObject({ finding: 'no_common_algorithm' });
      const authentication = { type: 'signer' as const, publicKey: old.keys.ed25519.publicKey };
      const legacy = await link.connect(
        line({ hostKey: old.hostKey, algorithms: 'legacy', authentication }),
        old.keys.ed25519,
      );
      expect(await legacy.outcome()).toMatchObject({ type: 'connected' });
    } finally {
      await old.stop();
    }
  });
});

describe('life of the connection', () => {
  test('survives the link; a new stream is told at once and gets the loss', async () => {
    await link.openControl();
    await link.openTunnel();
    await (await link.connect(line(), sshd.keys.ed25519)).outcome();
    link.cutLink();
    const again = await link.connect(line());
    expect(await again.outcome()).toMatchObject({ type: 'connected' });
    expect(again.reports.some((report) => report.type === 'sign')).toBe(false);
    expect(link.links).toBe(2);
    link.cutTunnel();
    await again.lost();
    const after = await link.connect(line(), sshd.keys.ed25519);
    expect(await after.outcome()).toMatchObject({ type: 'connected' });
  });

  test('a router that falls silent is noticed', async () => {
    let silent = false;
    const port = sshd.port;
    const { connect } = await import('node:net');
    link.target = (socket) => {
      const router = connect(port, '127.0.0.1');
      router.on('data', (chunk) => silent || socket.write(chunk));
      socket.on('data', (chunk) => silent || router.write(chunk));
      socket.once('close', () => router.destroy());
      router.on('error', () => undefined);
    };
    await link.openControl();
    await link.openTunnel();
    const connection = await link.connect(line(), sshd.keys.ed25519);
    await connection.outcome();
    silent = true;
    await connection.lost();
  });

  test('disconnect ends it', async () => {
    await link.openControl();
    await link.openTunnel();
    const connection = await link.connect(line(), sshd.keys.ed25519);
    await connection.outcome();
    connection.send({ type: 'disconnect' });
    await connection.lost();
    expect(await link.request('GET', '/v1/status')).toMatchObject({ body: { connected: false } });
  });
});

describe('the link', () => {
  test('answers what is not as agreed', async () => {
    await link.openControl();
    expect(await link.request('GET', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await link.request('POST', '/v1/terminals', 'no json')).toMatchObject({ status: 400 });
    expect(await link.request('POST', '/v1/terminals', { cols: 0, rows: 24 })).toMatchObject({ status: 400 });
    expect(await link.request('POST', '/v1/terminals', { cols: 80, rows: 24 })).toMatchObject({
      status: 409,
      body: { code: 'not_connected' },
    });
    expect(await link.request('POST', '/v1/exec', `"${'x'.repeat(300_000)}"`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
    expect(await link.request('POST', '/v1/connection', '{"type":"disconnect"}\n')).toMatchObject({ status: 400 });
    expect(await link.request('GET', '/v1/status')).toMatchObject({ status: 200, body: { connected: false } });
  });
});
