import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type OperationInput,
  OperationName,
  OPERATIONS,
} from '@netpilot/control-plane/contract/operations/catalogue.ts';
import { openwrt } from '@netpilot/session-image/src/operations/openwrt/driver.ts';
import { type CommandConnection, Runner } from '@netpilot/session-image/src/operations/runner.ts';
import { OperationsNetwork } from '../../test/operations/network.ts';
import { atMost, type Measure } from '../measure.ts';
import { OpenSsh } from '../openssh.ts';
import { single, summarise } from '../statistics.ts';

/** Added to each way, in milliseconds: 50 there and back, as over a real tunnel. */
const DELAY_MS = 25;
const DEVICES = 200;
const SAMPLES = { quick: 3, full: 20 };
const WITHIN_MS = 2_000;
const MAX_TRIPS = 3;

/** Every operation that reads and is no job, against the commands that it runs typed over OpenSSH. */
export async function measureOperations(quick: boolean): Promise<Measure[]> {
  const network = await OperationsNetwork.start({
    name: 'bench',
    devices: [],
    packages: ['tc-tiny', 'nlbwmon'],
    delayMs: DELAY_MS,
  });
  const directory = mkdtempSync(join(tmpdir(), 'netpilot-bench-'));
  try {
    await populate(network);
    const ssh = await openSsh(network, directory);
    const measures: Measure[] = [];
    const trips: number[] = [];
    for (const name of READS) {
      const ours: number[] = [];
      const reference: number[] = [];
      const input = await inputOf(name, network);
      const command = await commandOf(name, input);
      // The first of each warms caches and opens OpenSSH's shared connection.
      for (let sample = 0; sample <= (quick ? SAMPLES.quick : SAMPLES.full); sample += 1) {
        const operation = await timed(async () => {
          const answer = await network.attempt(name, input);
          if ('problem' in answer) throw new Error(`${name}: ${JSON.stringify(answer.problem)}`);
          trips.push(answer.roundTrips);
        });
        const typed = await timed(() => ssh.discard(command, sharing(directory)));
        if (sample === 0) continue;
        ours.push(operation);
        reference.push(typed);
      }
      measures.push(atMost({ name, unit: 'ms', ours: summarise(ours) }, WITHIN_MS, 'p95', summarise(reference)));
    }
    const most = single(Math.max(...trips));
    return [
      ...measures,
      atMost({ name: 'round trips, most of a read', unit: 'trips', ours: most }, MAX_TRIPS, 'median'),
    ];
  } finally {
    await network.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const READS = OperationName.options.filter((name) => !OPERATIONS[name].changes && !OPERATIONS[name].job);

const macOf = (index: number) => `00:16:3e:77:00:${index.toString(16).padStart(2, '0')}`;

/** Devices that are in every table of the router, half of them on Wi-Fi, and a plan that names them all. */
async function populate(network: OperationsNetwork): Promise<void> {
  const devices = Array.from({ length: DEVICES }, (_, index) => ({ mac: macOf(index), host: index + 2, index }));
  const leases = devices.map(
    ({ mac, host, index }) => `9999999999 ${mac} 192.168.1.${host} device-${index} 01:${mac}\n`,
  );
  await network.shell('cat > /tmp/dhcp.leases', leases.join(''));
  const stations = devices
    .filter(({ index }) => index % 2 === 0)
    .map(({ mac, index }) => `${mac}\tradio${(index / 2) % 2}\t-55\tDemo\tdemo-password\n`);
  await network.shell('cat > /usr/libexec/demo/outside/stations', stations.join(''));
  const neighbours = devices.flatMap(({ mac, host }) =>
    [`192.168.1.${host}`, `2001:db8:1::${host}`].map(
      (address) => `neigh replace ${address} lladdr ${mac} dev br-lan nud reachable\n`,
    ),
  );
  await network.shell('/usr/libexec/demo/bin/ip -batch -', neighbours.join(''));
  const { plan } = await network.operate('access.read', {});
  const macs = devices.map(({ mac }) => mac);
  const rates = { downMbps: 20, upMbps: 5 };
  await network.operate('access.apply', {
    revision: null,
    plan: {
      ...plan,
      blocks: macs
        .slice(0, 20)
        .map((mac) => ({ mac, windows: [{ days: ['mon', 'sun'], from: '21:00', to: '06:00' }] })),
      activeMode: 'whitelist',
      whitelist: { ...plan.whitelist, devices: macs.slice(20, 120), limited: rates },
      known: macs,
    },
  });
}

async function inputOf(name: OperationName, network: OperationsNetwork): Promise<OperationInput<OperationName>> {
  if (name === 'wifi.preview') return { networks: [{ section: 'default_radio1', ssid: 'Other' }] };
  if (name === 'config.preview') return { files: (await network.operate('config.export', {})).files };
  return {};
}

/** The first command that an operation runs: with all that it gathers, as it goes to the router once. */
async function commandOf(name: OperationName, input: unknown): Promise<string> {
  let first: string | undefined;
  const listening: CommandConnection = {
    alive: true,
    openExec(command) {
      first ??= command;
      return Promise.reject(new Error('only listening'));
    },
  };
  const context = { router: new Runner(listening, new AbortController().signal), progress: () => undefined };
  const parsed = OPERATIONS[name].input.parse(input);
  await (openwrt[name] as (input: unknown, with_: typeof context) => Promise<unknown>)(parsed, context).catch(
    () => null,
  );
  if (first === undefined) throw new Error(`${name} asks the router nothing`);
  return first;
}

/** OpenSSH's client over the same relay. */
async function openSsh(network: OperationsNetwork, directory: string): Promise<OpenSsh> {
  writeFileSync(join(directory, 'host_key.pub'), `${network.hostKey}\n`);
  appendFileSync(join(directory, 'authorized_keys'), '');
  const ssh = new OpenSsh({ directory, port: await network.openPort() });
  await network.shell('cat >> /etc/dropbear/authorized_keys', readFileSync(join(directory, 'authorized_keys'), 'utf8'));
  return ssh;
}

/** One connection for all commands, as the agent has it. */
function sharing(directory: string): string[] {
  return ['ControlMaster=auto', `ControlPath=${join(directory, 'control')}`, 'ControlPersist=30'].flatMap((option) => [
    '-o',
    option,
  ]);
}

async function timed(act: () => Promise<void>): Promise<number> {
  const since = performance.now();
  await act();
  return performance.now() - since;
}
