import { setTimeout as delay } from 'node:timers/promises';
import { docker, dockerCommand } from '../local/docker.ts';
import { DEMO_ROUTER_IMAGE } from './image.ts';
import type { DemoRouter } from './router.ts';

/** A device of the household behind a demo router. */
export interface DemoDevice {
  /** What tests call it; letters, digits and hyphens. */
  name: string;
  /** Lower case, with colons. */
  mac: string;
  /** IPv4 address in 192.168.1.0/24; its IPv6 addresses end with the same number. */
  address: string;
  /** The port or the radio that it is on. */
  port: 'lan1' | 'phy0-ap0' | 'phy1-ap0';
  /** Host name in the router's leases, as the device claims it; null for `*`. */
  hostName?: string | null;
  /** Wi-Fi: the network and key that it knows, and how well it is heard, in dBm. */
  wifi?: { ssid: string; key: string; signal: number };
  /** Kilobytes that it fetches from the server every two seconds; nothing when left out. */
  fetches?: number;
  /** False: it has a lease and is not there. */
  present?: boolean;
}

export interface Surroundings {
  /** Adds devices; they have their addresses when this returns. */
  plug(...devices: DemoDevice[]): Promise<void>;
  /** Takes a device away; its lease stays. */
  unplug(name: string): Promise<void>;
  /** Gives a device another IPv4 address (and the IPv6 addresses that go with it), with a lease for it. */
  move(name: string, address: string): Promise<void>;
  /** Runs a command line on a device. */
  run(name: string, line: string): Promise<{ code: number | null; output: string }>;
  /**
   * Bits per second of one TCP connection between a device and the server, in whole frames as they arrive, after a second of warming up. One upload
   * at a time.
   */
  rate(name: string, direction: 'down' | 'up', family: 4 | 6, seconds: number): Promise<number>;
  /** Removes everything around the router. Idempotent. */
  stop(): Promise<void>;
}

const PROGRAM = '/usr/libexec/demo/surroundings';
const OUTSIDE = '/usr/libexec/demo/outside';
/** What the line gives to the router: address, gateway, the same for IPv6, and the prefix for its own network. */
const LINE = '203.0.113.2/24 203.0.113.1 2001:db8:ff::2/64 2001:db8:ff::1 2001:db8:1::/48\n';
/** Seconds that a lease holds. */
const LEASE = 43_200;

/** Addresses of the server on the line; ports: 7001 sends, 7002 takes, 7003 says a word ten times a second. */
export const SERVER = { v4: '203.0.113.1', v6: '2001:db8:ff::1' } as const;

/**
 * Puts a router into a small network of its own: a line to the Internet with a server, a switch, and devices on its ports and radios. All of it
 * are network namespaces of one container beside the router's; nothing of it is seen by other containers or the machine.
 * @throws Error when the engine refuses the container or a cable cannot be laid.
 */
export async function startSurroundings(
  router: DemoRouter,
  options: { instance: string; devices: readonly DemoDevice[] },
): Promise<Surroundings> {
  const containerId = await docker([
    'run',
    '--detach',
    `--network=container:${router.containerId}`,
    '--label=netpilot=demo-router',
    `--label=netpilot.instance=${options.instance}`,
    '--restart=no',
    '--log-driver=none',
    '--memory=128m',
    '--pids-limit=512',
    // Namespaces of its own and their settings; the router itself has neither right.
    '--cap-add=NET_ADMIN',
    '--cap-add=SYS_ADMIN',
    '--security-opt=systempaths=unconfined',
    `--entrypoint=${PROGRAM}`,
    DEMO_ROUTER_IMAGE,
    'serve',
  ]);
  const surroundings = new RunningSurroundings(router, containerId);
  try {
    await surroundings.begin();
    await surroundings.plug(...options.devices);
    return surroundings;
  } catch (error) {
    await surroundings.stop();
    throw error;
  }
}

class RunningSurroundings implements Surroundings {
  readonly #router: DemoRouter;
  readonly #containerId: string;
  readonly #devices = new Map<string, DemoDevice>();

  constructor(router: DemoRouter, containerId: string) {
    this.#router = router;
    this.#containerId = containerId;
  }

  async begin(): Promise<void> {
    const end = Date.now() + 60_000;
    while ((await this.#exec(['test', '-e', '/run/surroundings/ready'])).code !== 0) {
      if (Date.now() > end) throw new Error('the cables of the demo router could not be laid in 60 s');
      await delay(50);
    }
    await this.#onRouter(`mkdir -p ${OUTSIDE} && cat > ${OUTSIDE}/isp && /etc/init.d/network reload`, LINE);
  }

  async plug(...devices: DemoDevice[]): Promise<void> {
    for (const device of devices) this.#devices.set(device.name, device);
    const announced = this.#announce();
    const present = devices.filter((device) => device.present !== false);
    const line = ({ name, mac, port, address, fetches, wifi }: DemoDevice) =>
      ['add', name, mac, port, address, fetches ?? 0, wifi?.ssid ?? '', wifi?.key ?? ''].join('|');
    await Promise.all([announced, this.#must(['batch'], present.map((device) => `${line(device)}\n`).join(''))]);
  }

  async unplug(name: string): Promise<void> {
    await this.#must(['remove', name]);
    const device = this.#devices.get(name);
    if (device !== undefined) this.#devices.set(name, { ...device, present: false });
    await this.#announce();
  }

  async move(name: string, address: string): Promise<void> {
    const device = this.#devices.get(name);
    if (device === undefined) throw new Error(`there is no device ${name}`);
    this.#devices.set(name, { ...device, address });
    await this.#must(['address', name, address]);
    await this.#announce();
    // As after a new lease: the device is heard from its new address.
    await this.run(name, 'ping -c 1 192.168.1.1');
  }

  run(name: string, line: string): Promise<{ code: number | null; output: string }> {
    return this.#exec([PROGRAM, 'run', name, '/bin/ash', '-c', line]);
  }

  async rate(name: string, direction: 'down' | 'up', family: 4 | 6, seconds: number): Promise<number> {
    return 8 * Number(await this.#must(['rate', name, direction, String(family), String(seconds)]));
  }

  async stop(): Promise<void> {
    await dockerCommand(['stop', '--time=10', this.#containerId]);
    await dockerCommand(['rm', '-fv', this.#containerId]);
  }

  /** Writes what the router learns from outside: leases, and which stations are in reach of its radios. */
  async #announce(): Promise<void> {
    const devices = [...this.#devices.values()];
    const expires = Math.floor(Date.now() / 1_000) + LEASE;
    const leases = devices.map(
      ({ mac, address, hostName, name }) =>
        `${expires} ${mac} ${address} ${(hostName === undefined ? name : hostName) ?? '*'} 01:${mac}\n`,
    );
    const radios = { 'phy0-ap0': 'radio0', 'phy1-ap0': 'radio1', lan1: '' };
    const stations = devices
      .filter((device) => device.wifi !== undefined && device.present !== false)
      .map(({ mac, port, wifi }) => `${[mac, radios[port], wifi?.signal, wifi?.ssid, wifi?.key].join('\t')}\n`);
    await Promise.all([
      this.#onRouter('cat > /tmp/dhcp.leases', leases.join('')),
      this.#onRouter(`cat > ${OUTSIDE}/stations`, stations.join('')),
    ]);
  }

  async #onRouter(line: string, input: string): Promise<void> {
    const { code, output } = await this.#router.exec(line, { input });
    if (code !== 0) throw new Error(`the demo router failed at "${line}": ${output.trim().slice(-300)}`);
  }

  async #exec(args: readonly string[], input?: string): Promise<{ code: number | null; output: string }> {
    const stdin = input === undefined ? [] : ['-i'];
    const result = await dockerCommand(
      ['exec', ...stdin, this.#containerId, ...args],
      input === undefined ? {} : { input },
    );
    return { code: result.code, output: result.stdout + result.stderr };
  }

  async #must(args: readonly string[], input?: string): Promise<string> {
    const { code, output } = await this.#exec([PROGRAM, ...args], input);
    if (code !== 0) throw new Error(`the network of the demo router failed at "${args[0]}": ${output.slice(-300)}`);
    return output.trim();
  }
}
