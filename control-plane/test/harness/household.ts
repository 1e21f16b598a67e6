import { HOUSEHOLD } from '@netpilot/compose/demo-router/household.ts';
import { ensureDemoRouterImage } from '@netpilot/compose/demo-router/image.ts';
import { type DemoRouter, startDemoRouter } from '@netpilot/compose/demo-router/router.ts';
import { type Surroundings, startSurroundings } from '@netpilot/compose/demo-router/surroundings.ts';
import { docker } from '@netpilot/compose/local/docker.ts';
import { type Forwarder, startForwarder } from '@netpilot/compose/local/forwarder.ts';
import { RouterCreated } from '../../contract/routers.ts';
import type { TestBastion } from './bastion.ts';
import { eventually } from './eventually.ts';
import type { TestPerson } from './person.ts';

/** A router that behaves like OpenWrt, with a home around it, that dials into a bastion by the line of the page. */
export class TestHousehold {
  readonly id: string;
  readonly router: DemoRouter;
  readonly around: Surroundings;
  readonly #forwarders: Forwarder[];

  private constructor(id: string, router: DemoRouter, around: Surroundings, forwarders: Forwarder[]) {
    this.id = id;
    this.router = router;
    this.around = around;
    this.#forwarders = forwarders;
  }

  /** Its tunnel is up when this returns. */
  static async enrol(
    bastion: TestBastion,
    person: TestPerson,
    organisationId: string,
    name: string,
  ): Promise<TestHousehold> {
    await ensureDemoRouterImage();
    const { instance } = bastion;
    const machine = await docker(['network', 'inspect', '-f', '{{(index .IPAM.Config 0).Gateway}}', 'bridge']);
    const ports = [Number(new URL(bastion.url).port), bastion.tunnelPort];
    const forwarders = await Promise.all(ports.map((port) => startForwarder({ host: machine, port }, port)));
    const uplinks = ports.map((port) => ({ port, address: machine }));
    const router = await startDemoRouter({ name: 'home', instance, uplinks, packages: ['tc-tiny'] });
    const around = await startSurroundings(router, { instance, devices: HOUSEHOLD });
    const body = { attachment: 'enrolled', organisationId, name };
    const created = await person.ask(RouterCreated, 'POST', '/routers', body);
    const household = new TestHousehold(created.router.id, router, around, forwarders);
    const { code, output } = await router.exec(created.enrolment?.install ?? 'false');
    if (code !== 0) throw new Error(`the line failed on the router: ${output.slice(-500)}`);
    await eventually('the tunnel to come up', async () => {
      const { tunnel } = await person.ask(RouterCreated.shape.router, 'GET', `/routers/${household.id}`);
      return tunnel.up;
    });
    return household;
  }

  async stop(): Promise<void> {
    await this.around.stop();
    await this.router.stop();
    await Promise.all(this.#forwarders.map((forwarder) => forwarder.close()));
  }
}
