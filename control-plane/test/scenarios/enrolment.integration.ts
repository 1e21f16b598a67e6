import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDemoNetwork, type DemoNetwork } from '@netpilot/compose/local/demo-network.ts';
import { docker } from '@netpilot/compose/local/docker.ts';
import { type Forwarder, startForwarder } from '@netpilot/compose/local/forwarder.ts';
import { type DemoRouter, startDemoRouter } from '@netpilot/compose/demo-router/router.ts';
import { ConnectionTest, Enrolment, Router, RouterCreated } from '../../contract/routers.ts';
import { ExecResult } from '../../contract/sessions.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import type { TestPerson } from '../harness/person.ts';

/** An OpenWrt-like router in a container: BusyBox, Dropbear, procd's functions. Its shell gets the line that a person pastes. */
describe('the line that attaches a router', () => {
  let bastion: TestBastion;
  let network: DemoNetwork;
  let forwarders: Forwarder[] = [];
  let device: DemoRouter;
  let alice: TestPerson;
  let router: Router;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    network = await createDemoNetwork(bastion.instance);
    const ports = [Number(new URL(bastion.url).port), bastion.tunnelPort];
    forwarders = await Promise.all(ports.map((port) => startForwarder({ host: network.address, port }, port)));
    device = await startDemoRouter({
      name: 'attic',
      instance: bastion.instance,
      network: network.name,
      uplinks: ports.map((port) => ({ port, address: network.address })),
    });
    alice = await bastion.signIn('alice');
    const organisation = await alice.newOrganisation('One');
    const created = await alice.ask(RouterCreated, 'POST', '/routers', {
      attachment: 'enrolled',
      organisationId: organisation.id,
      name: 'Attic',
    });
    router = created.router;
    const { code, output } = await device.exec(created.enrolment?.install ?? '');
    expect([code, output]).toEqual([0, expect.stringContaining('this router is attached')]);
  });
  afterAll(async () => {
    await device?.stop();
    await Promise.all(forwarders.map((forwarder) => forwarder.close()));
    await docker(['network', 'rm', network.name]);
    await bastion?.close();
  });

  const tunnelIs = (up: boolean) =>
    eventually(`the tunnel to be ${up ? 'up' : 'down'}`, async () => {
      router = await alice.ask(Router, 'GET', `/routers/${router.id}`);
      return router.tunnel.up === up;
    });

  test('brings the tunnel up with Dropbear’s own client, and a session through it', async () => {
    await tunnelIs(true);
    expect(router).toMatchObject({ user: 'root', authentication: 'bastion_key', enrolledAt: expect.any(String) });
    expect(await alice.ask(ConnectionTest, 'POST', `/routers/${router.id}/test`)).toMatchObject({ finding: 'ok' });
    const session = await alice.liveSession(router.id);
    const result = await alice.ask(ExecResult, 'POST', `/sessions/${session.id}/exec`, {
      command: '. /etc/openwrt_release; echo "$DISTRIB_ID"',
    });
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('OpenWrt') });
  });

  test('pins the gateway, keeps the key private and stores nothing else', async () => {
    const files = await device.exec('ls -l /etc/netpilot; cat /etc/netpilot/.ssh/known_hosts');
    expect(files.output).toMatch(/-rw-------.*tunnel_key/u);
    expect(files.output).toContain('ssh-ed25519');
    const kept = await device.exec("grep -r 'token=' /etc/netpilot /etc/init.d/netpilot-tunnel");
    expect(kept.output).toBe('');
    expect((await device.exec('grep -c netpilot-bastion /etc/dropbear/authorized_keys')).output.trim()).toBe('1');
  });

  test('the tunnel comes back by itself when its client dies', async () => {
    await device.exec('kill -9 $(pidof dbclient)');
    await tunnelIs(false);
    await tunnelIs(true);
  });

  test('can be run again with a new line, and removed with a second one', async () => {
    const { install, remove } = await alice.ask(Enrolment, 'POST', `/routers/${router.id}/enrolment`);
    expect((await device.exec(install)).code).toBe(0);
    await tunnelIs(true);
    expect((await device.exec('grep -c netpilot-bastion /etc/dropbear/authorized_keys')).output.trim()).toBe('1');
    expect(await device.exec(remove)).toMatchObject({ code: 0, output: expect.stringContaining('removed') });
    await tunnelIs(false);
    const left = await device.exec(
      'ls -d /etc/netpilot /etc/init.d/netpilot-tunnel /etc/rc.d/*netpilot* 2>/dev/null; grep netpilot /etc/dropbear/authorized_keys; pidof dbclient',
    );
    expect(left.output.trim()).toBe('');
  });
});
