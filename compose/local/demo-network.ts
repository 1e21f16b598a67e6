import { docker } from './docker.ts';
import { Obstacle } from './obstacle.ts';

export interface DemoNetwork {
  name: string;
  /** Address of this machine on it: what the routers reach of the outside. */
  address: string;
}

/**
 * Makes the bridge network of the demo routers; it carries the instance's label and goes with it.
 * @throws Obstacle when the engine cannot make bridge networks.
 */
export async function createDemoNetwork(instance: string): Promise<DemoNetwork> {
  const name = `netpilot-${instance}`;
  try {
    await docker([
      'network',
      'create',
      '--driver=bridge',
      '--label=netpilot=network',
      `--label=netpilot.instance=${instance}`,
      name,
    ]);
    const address = await docker(['network', 'inspect', '-f', '{{(index .IPAM.Config 0).Gateway}}', name]);
    if (address === '') throw new Error('the network has no gateway address');
    return { name, address };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Obstacle(
      `The Docker engine cannot make a network for the demo routers (${why}): allow bridge networks, for instance by installing iptables, and start again.`,
    );
  }
}
