import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { AuditEvent } from '../../contract/audit.ts';
import type { Organisation } from '../../contract/organisations.ts';
import { pageOf } from '../../contract/page.ts';
import { ConnectionTest, Enrolment, Router, RouterCreated } from '../../contract/routers.ts';
import { TestBastion } from '../harness/bastion.ts';
import type { TestPerson } from '../harness/person.ts';

describe('routers', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let organisation: Organisation;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    alice = await bastion.signIn('alice');
    organisation = await alice.newOrganisation('One');
  });
  afterAll(() => bastion?.close());

  const test_ = (id: string) => alice.ask(ConnectionTest, 'POST', `/routers/${id}/test`);
  const actions = async () =>
    (await alice.ask(pageOf(AuditEvent), 'GET', `/organisations/${organisation.id}/audit?limit=100`)).items.map(
      (event) => event.action,
    );
  const form = (what: string, body: Record<string, string>) =>
    fetch(`${bastion.url}/api/v1/enrolment/${what}`, { method: 'POST', body: new URLSearchParams(body) });

  test('an enrolled router is reached at once: its host key is pinned by the enrolment', async () => {
    const router = await bastion.enrolRouter(alice, organisation.id, 'Attic');
    expect(await test_(router.id)).toMatchObject({ finding: 'ok' });
    const shown = await alice.ask(Router, 'GET', `/routers/${router.id}`);
    const fingerprint = execFileSync('ssh-keygen', ['-lf', join(router.directory, 'host_key.pub')], {
      encoding: 'utf8',
    }).split(' ')[1];
    expect(shown.hostKeyFingerprint).toBe(fingerprint);
    expect(shown.tunnel.up).toBe(true);
  });

  test('the test of the connection says what is wrong', async () => {
    const router = await bastion.enrolRouter(alice, organisation.id, 'Barn');
    await router.setServing(false);
    expect(await test_(router.id)).toMatchObject({ finding: 'refused' });
    await router.changeHostKey();
    const changed = await test_(router.id);
    expect(changed).toMatchObject({ finding: 'host_key_changed' });
    expect(await actions()).toContain('host_key_changed');
    const other = `SHA256:${'A'.repeat(43)}`;
    expect(await alice.refusal('POST', `/routers/${router.id}/host-key`, { fingerprint: other })).toEqual([
      409,
      'conflict',
    ]);
    expect(await test_(router.id)).toMatchObject({ finding: 'host_key_changed' });
    await alice.ask(Router, 'POST', `/routers/${router.id}/host-key`, { fingerprint: changed.fingerprint });
    expect(await test_(router.id)).toMatchObject({ finding: 'ok' });
    execFileSync('sh', ['-c', `: > ${join(router.directory, 'authorized_keys')}`]);
    expect(await test_(router.id)).toMatchObject({ finding: 'wrong_credentials' });
    await router.disconnect();
    await expect(
      (async () => {
        for (;;) {
          const { finding } = await test_(router.id);
          if (finding !== 'wrong_credentials') return finding;
        }
      })(),
    ).resolves.toBe('no_tunnel');
  });

  test('a session on a router whose host key changed ends before anything is sent', async () => {
    const router = await bastion.enrolRouter(alice, organisation.id, 'Cellar');
    await router.changeHostKey();
    const { id } = await alice.startSession(router.id);
    expect(await alice.sessionIn(id, 'ended')).toMatchObject({ endReason: 'host_key_changed' });
    const log = readFileSync(join(router.directory, 'log'), 'utf8');
    expect(log).not.toMatch(/Accepted publickey/u);
  });

  test('the line to paste works once, expires with the next one, and a key cannot serve two routers', async () => {
    const made = () =>
      alice.ask(RouterCreated, 'POST', '/routers', {
        attachment: 'enrolled',
        organisationId: organisation.id,
        name: 'Shed',
      });
    const tokenOf = (line: string) => /token=([\w-]{43})/u.exec(line)?.[1] ?? '';
    const key = () => {
      const file = join(bastion.directory, `key-${Math.random().toString(36).slice(2)}`);
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
      return readFileSync(`${file}.pub`, 'utf8').trim();
    };
    const first = await made();
    const old = tokenOf(first.enrolment?.install ?? '');
    const { install } = await alice.ask(Enrolment, 'POST', `/routers/${first.router.id}/enrolment`);
    expect((await form('script', { token: old })).status).toBe(410);
    const token = tokenOf(install);
    const report = { token, user: 'root', key: key(), host_key: key() };
    const wrong: Record<string, string>[] = [
      { key: 'ssh-dss AAAA' },
      { user: '-oProxyCommand=x' },
      { key: `${report.key} comment` },
      { extra: '1' },
    ];
    for (const bad of wrong) {
      expect((await form('report', { ...report, ...bad })).status).toBe(400);
    }
    expect((await form('report', report)).status).toBe(204);
    expect((await form('report', report)).status).toBe(410);
    expect((await form('script', { token })).status).toBe(410);
    const second = await made();
    expect((await form('report', { ...report, token: tokenOf(second.enrolment?.install ?? '') })).status).toBe(409);
    expect(second.router.tunnelPort).not.toBe(first.router.tunnelPort);
    await alice.tell('DELETE', `/routers/${first.router.id}`);
    const third = await made();
    expect(third.router.tunnelPort).toBe(first.router.tunnelPort);
  });

  test('a manual router: the port is one’s own, the first key is confirmed by the person, the credential never leaves', async () => {
    const body = {
      attachment: 'manual',
      organisationId: organisation.id,
      name: 'By hand',
      tunnelPort: bastion.externalPortLow,
      user: 'root',
      credential: { type: 'password', password: 'correct horse battery' },
    };
    const { router } = await alice.ask(RouterCreated, 'POST', '/routers', body);
    expect(await alice.refusal('POST', '/routers', body)).toEqual([409, 'port_taken']);
    const shown = JSON.stringify(await (await alice.fetch('GET', `/routers/${router.id}`)).json());
    expect(shown).not.toContain('correct horse');
    expect(await test_(router.id)).toMatchObject({ finding: 'no_tunnel' });
    const dump = execFileSync(
      'docker',
      ['ps', '-a', '--no-trunc', '--filter', `label=netpilot.instance=${bastion.instance}`],
      { encoding: 'utf8' },
    );
    expect(dump).not.toContain('correct horse');
    expect(bastion.api.output() + bastion.gateway.output()).not.toContain('correct horse');
  });

  test('a manual router with a key: reached after the comparison, through a tunnel that somebody else holds', async () => {
    const router = await bastion.enrolRouter(alice, organisation.id, 'Loft');
    const held = bastion.externalPortLow + 1;
    const server = createServer((incoming) => {
      const outgoing = connect(router.sshPort, '127.0.0.1');
      incoming.on('error', () => outgoing.destroy()).pipe(outgoing);
      outgoing.on('error', () => incoming.destroy()).pipe(incoming);
    });
    await new Promise<void>((resolve) => server.listen(held, '127.0.0.1', resolve));
    try {
      execFileSync('ssh-keygen', [
        '-q',
        '-t',
        'ed25519',
        '-N',
        '',
        '-C',
        '',
        '-f',
        join(router.directory, 'person_key'),
      ]);
      appendFileSync(join(router.directory, 'authorized_keys'), readFileSync(join(router.directory, 'person_key.pub')));
      const made = await alice.ask(RouterCreated, 'POST', '/routers', {
        attachment: 'manual',
        organisationId: organisation.id,
        name: 'By hand with a key',
        tunnelPort: held,
        user: 'root',
        credential: { type: 'private_key', privateKey: readFileSync(join(router.directory, 'person_key'), 'utf8') },
      });
      const path = `/routers/${made.router.id}`;
      expect(await alice.refusal('POST', '/sessions', { routerId: made.router.id })).toEqual([
        409,
        'host_key_unconfirmed',
      ]);
      const first = await test_(made.router.id);
      expect(first).toMatchObject({ finding: 'host_key_unconfirmed' });
      expect(await alice.ask(Router, 'GET', path)).toMatchObject({ pendingHostKeyFingerprint: first.fingerprint });
      await alice.ask(Router, 'POST', `${path}/host-key`, { fingerprint: first.fingerprint });
      expect(await test_(made.router.id)).toMatchObject({ finding: 'ok' });
      const session = await alice.liveSession(made.router.id);
      const terminal = await alice.openTerminal(session.id);
      terminal.type('echo by-hand-$((1 + 1))\n');
      await terminal.sees('by-hand-2');
    } finally {
      server.close();
    }
  });
});
