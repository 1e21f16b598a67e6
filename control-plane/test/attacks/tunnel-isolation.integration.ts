import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Client } from 'ssh2';
import type { Organisation } from '../../contract/organisations.ts';
import { ConnectionTest, RouterCreated } from '../../contract/routers.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';
import { ListeningServer, offerOfServer, type Offer } from './ssh-wire.ts';

describe('a stolen tunnel key', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let one: Organisation;
  let two: Organisation;
  let attic: TestRouter;
  let cellar: TestRouter;
  const clients = new Set<Client>();

  beforeAll(async () => {
    bastion = await TestBastion.start({ gateway: { NETPILOT_WARM_POOL: '0' } });
    [alice, bob] = [await bastion.signIn('alice'), await bastion.signIn('bob')];
    [one, two] = [await alice.newOrganisation('One'), await bob.newOrganisation('Two')];
    attic = await bastion.enrolRouter(alice, one.id, 'Attic');
    cellar = await bastion.enrolRouter(bob, two.id, 'Cellar');
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await bastion?.close();
  });

  /** Dials in with the key of a router. */
  function dial(router: TestRouter): Promise<Client> {
    const client = new ssh2.Client();
    clients.add(client);
    return new Promise((resolve, reject) => {
      client.once('ready', () => resolve(client));
      client.on('error', reject);
      client.once('close', () => reject(new Error('closed')));
      client.connect({
        host: '127.0.0.1',
        port: bastion.tunnelPort,
        username: 'tunnel',
        privateKey: readFileSync(join(router.directory, 'tunnel_key')),
        hostVerifier: () => true,
        readyTimeout: 60_000,
      });
    });
  }
  const forward = (client: Client, address: string, port: number) =>
    new Promise<string>((resolve) => {
      client.forwardIn(address, port, (error) => resolve(error === undefined || error === null ? 'open' : 'refused'));
    });
  /** Local addresses on which this machine listens at a port. */
  const listeners = (port: number) =>
    execFileSync('ss', ['-ltnH', `sport = :${port}`], { encoding: 'utf8', timeout: 20_000 })
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.trim().split(/\s+/u)[3]);
  const serverPortOf = (router: TestRouter) =>
    Number(/^Port (\d+)$/mu.exec(readFileSync(join(router.directory, 'sshd_config'), 'utf8'))?.[1]);
  const logOf = (router: TestRouter) => readFileSync(join(router.directory, 'log'), 'utf8');

  /** Holds the tunnel of one router, and lets it lead to the SSH server of another. */
  async function impersonate(router: TestRouter, behind: TestRouter): Promise<Client> {
    await router.disconnect();
    const client = await dial(router);
    client.on('tcp connection', (_details, accept) => {
      const channel = accept();
      const socket = connect(serverPortOf(behind), '127.0.0.1');
      socket.on('error', () => channel.close());
      channel.on('error', () => socket.destroy());
      channel.pipe(socket).pipe(channel);
    });
    expect(await forward(client, '127.0.0.1', router.port)).toBe('open');
    return client;
  }

  test('opens its own port only', async () => {
    const client = await dial(attic);
    const others = [cellar.port, bastion.tunnelPort, bastion.externalPortLow, attic.port + 10, 0, 22, 80, 443, 2375];
    for (const port of others) {
      for (const address of ['127.0.0.1', '0.0.0.0', '', 'localhost']) {
        expect([address, port, await forward(client, address, port)]).toEqual([address, port, 'refused']);
      }
    }
    expect(listeners(cellar.port)).toEqual([`127.0.0.1:${cellar.port}`]);
    expect(listeners(attic.port + 10)).toEqual([]);
    client.end();
  });

  test('binds the loopback, whatever way it writes an address', async () => {
    const strange = [
      '0x7f.1',
      '2130706433',
      '0177.0.0.1',
      '127.1',
      'localhost.',
      '127.0.0.1 ',
      '::ffff:0.0.0.0',
      '[::]',
      '127.0.0.1\0',
      '169.254.169.254',
      '172.17.0.1',
      'example.com',
    ];
    const client = await dial(attic);
    for (const address of strange) {
      expect([address, await forward(client, address, attic.port)]).toEqual([address, 'refused']);
    }
    client.end();
    for (const address of ['', '*', '0.0.0.0', '::', 'localhost', '127.0.0.1']) {
      const again = await dial(attic);
      expect([address, await forward(again, address, attic.port)]).toEqual([address, 'open']);
      expect([address, listeners(attic.port)]).toEqual([address, [`127.0.0.1:${attic.port}`]]);
      again.end();
    }
    await eventually('the port to be closed', () => listeners(attic.port).length === 0);
    await attic.connect(alice);
  });

  test('gets no shell, command, subsystem, agent, X11, environment, and no connection through the bastion', async () => {
    const client = await dial(attic);
    const refused = (open: (done: (error?: Error | null) => void) => void) =>
      expect(
        new Promise<void>((resolve, reject) => open((error) => (error ? reject(error) : resolve()))),
      ).rejects.toThrow();
    await refused((done) => client.shell(done));
    await refused((done) => client.shell(false, { x11: true, env: { LD_PRELOAD: '/tmp/x.so' } }, done));
    await refused((done) => client.exec('id', { pty: true, env: { A: 'b' } }, done));
    await refused((done) => client.subsys('sftp', done));
    for (const [host, port] of [
      ['127.0.0.1', cellar.port],
      ['127.0.0.1', attic.port],
      ['localhost', Number(new URL(bastion.url).port)],
      ['169.254.169.254', 80],
      ['::1', 22],
    ] as const) {
      await refused((done) => client.forwardOut('127.0.0.1', 1, host, port, done));
    }
    await refused((done) => client.openssh_forwardOutStreamLocal('/var/run/docker.sock', done));
    await refused((done) => client.openssh_forwardOutStreamLocal(join(bastion.runDirectory, 'gateway.sock'), done));
    await refused((done) => client.openssh_forwardInStreamLocal(join(bastion.runDirectory, 'x.sock'), done));
    client.end();
    expect((await alice.ask(ConnectionTest, 'POST', `/routers/${attic.id}/test`)).finding).toBe('ok');
  });

  test('does not make the host key of one router good for another', async () => {
    const client = await impersonate(attic, cellar);
    const { id } = await alice.startSession(attic.id);
    expect(await alice.sessionIn(id, 'ended')).toMatchObject({ endReason: 'host_key_changed' });
    expect(logOf(cellar)).not.toContain('Accepted publickey');
    client.end();
    await attic.connect(alice);
    expect((await alice.ask(ConnectionTest, 'POST', `/routers/${attic.id}/test`)).finding).toBe('ok');
  });

  test('is worth nothing once its router is deleted, and the next router on the port is checked for its own key', async () => {
    await bob.tell('DELETE', `/routers/${cellar.id}`);
    await expect(dial(cellar)).rejects.toThrow(/authentication methods failed/u);
    await eventually('the port to be closed', () => listeners(cellar.port).length === 0);
    const next = await bastion.enrolRouter(bob, two.id, 'Shed');
    expect(next.port).toBe(cellar.port);
    await expect(dial(cellar)).rejects.toThrow(/authentication methods failed/u);
    expect((await bob.ask(ConnectionTest, 'POST', `/routers/${next.id}/test`)).finding).toBe('ok');
    const client = await impersonate(next, cellar);
    expect((await bob.ask(ConnectionTest, 'POST', `/routers/${next.id}/test`)).finding).toBe('host_key_changed');
    expect(logOf(cellar)).not.toContain('Accepted publickey');
    client.end();
  });

  test('a tunnel of somebody else is a port of its own range, in no notation another', async () => {
    const low = bastion.externalPortLow;
    const numbers = [0, -1, 22, 80, 2375, low - 1, low + 20, low + 0.5, 65_536, 2 ** 32 + low, 1e300];
    const others = [attic.port, bastion.tunnelPort, Number(new URL(bastion.url).port)];
    const texts = [String(low), `0x${low.toString(16)}`, `${low}@evil`, '', '٢٣٠٠'];
    const ports: unknown[] = [...numbers, ...others, ...texts, null, true, [low], { port: low }];
    for (const tunnelPort of ports) {
      const refusal = await alice.refusal('POST', '/routers', {
        attachment: 'manual',
        organisationId: one.id,
        name: 'By hand',
        tunnelPort,
        user: 'root',
        credential: { type: 'password', password: 'x' },
      });
      expect([tunnelPort, refusal]).toEqual([tunnelPort, [400, 'invalid_request']]);
    }
    for (const extra of [{ host: '10.0.0.1' }, { tunnelHost: 'localhost' }, { proxyCommand: 'id' }]) {
      const body = { attachment: 'enrolled', organisationId: one.id, name: 'Host', ...extra };
      expect(await alice.refusal('POST', '/routers', body)).toEqual([400, 'invalid_request']);
    }
  });

  describe('prefix truncation (CVE-2023-48795)', () => {
    /** With a peer that knows no strict key exchange nothing may be agreed on that can be cut. */
    const isWhole = ({ ciphers, macs }: Offer) =>
      !ciphers.some((name) => name.includes('chacha20')) &&
      !(ciphers.some((name) => name.includes('-cbc')) && macs.some((name) => name.includes('-etm@')));

    test('routers that dial in are offered strict key exchange, and nothing that breaks without it', async () => {
      const offer = await offerOfServer(bastion.tunnelPort);
      expect(offer.kex).toContain('kex-strict-s-v00@openssh.com');
      expect(offer.ciphers.length).toBeGreaterThan(0);
      expect(isWhole(offer)).toBe(true);
    });

    test.each(['modern', 'legacy'])('so are routers that a sandbox connects to (%s)', async (algorithms) => {
      const tunnelPort = bastion.externalPortLow + (algorithms === 'modern' ? 1 : 2);
      const server = await ListeningServer.start(tunnelPort);
      const { router } = await alice.ask(RouterCreated, 'POST', '/routers', {
        attachment: 'manual',
        organisationId: one.id,
        name: algorithms,
        algorithms,
        tunnelPort,
        user: 'root',
        credential: { type: 'password', password: 'x' },
      });
      await alice.ask(ConnectionTest, 'POST', `/routers/${router.id}/test`);
      await server.stop();
      expect(server.offers.length).toBeGreaterThan(0);
      for (const offer of server.offers) {
        expect(offer.kex).toContain('kex-strict-c-v00@openssh.com');
        expect(isWhole(offer)).toBe(true);
        // Broken on its own is offered to a router only that was marked as needing it.
        if (algorithms === 'modern')
          expect(offer.kex.concat(offer.ciphers, offer.macs).join()).not.toMatch(/cbc|sha1|md5|3des|arcfour/u);
      }
    });
  });
});
