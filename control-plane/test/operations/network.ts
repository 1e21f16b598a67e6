import type { ClientHttp2Stream } from 'node:http2';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { AGENT_PATHS, AgentStatus } from '@netpilot/control-plane/contract/agent.ts';
import {
  type OperationInput,
  type OperationName,
  type OperationOutput,
  OPERATIONS,
} from '@netpilot/control-plane/contract/operations/catalogue.ts';
import { OperationLine, type OperationProblem } from '@netpilot/control-plane/contract/operations/operation.ts';
import { ensureDemoRouterImage } from '@netpilot/compose/demo-router/image.ts';
import { type DemoRouter, startDemoRouter } from '@netpilot/compose/demo-router/router.ts';
import { type DemoDevice, type Surroundings, startSurroundings } from '@netpilot/compose/demo-router/surroundings.ts';
import { type Agent, startAgent } from '@netpilot/session-image/src/agent.ts';
import { makeEd25519, type TestKey } from '@netpilot/session-image/test/sshd.ts';
import { connectLine, TestLink } from '@netpilot/session-image/test/test-link.ts';
import { eventually } from '../harness/eventually.ts';
import { relayLate } from './late-relay.ts';

export type OperationAnswer<N extends OperationName> =
  { output: OperationOutput<N>; roundTrips: number; milliseconds: number } | { problem: OperationProblem };

export interface NetworkOptions {
  /** Part of the container's name, and the host name of the router. */
  name: string;
  devices: readonly DemoDevice[];
  /** Packages of the router beside those of a stock one. */
  packages?: readonly string[];
  /** Milliseconds that each byte takes on its way to the router, and as many back; default 0. */
  delayMs?: number;
}

/** A router with devices around it, and an agent that operates it: everything but the api. */
export class OperationsNetwork {
  readonly router: DemoRouter;
  readonly around: Surroundings;
  readonly #link: TestLink;
  readonly #agent: Agent;
  readonly #key: TestKey;
  /** Type and base64 of the router's host key. */
  readonly hostKey: string;
  #port: Server | null = null;
  readonly #errors: unknown[];
  /** While true the tunnel takes nothing. */
  #cut = false;
  /** Milliseconds each way, for connections made from now on. */
  #delayMs: number;

  private constructor(parts: {
    router: DemoRouter;
    around: Surroundings;
    link: TestLink;
    agent: Agent;
    key: TestKey;
    hostKey: string;
    errors: unknown[];
    delayMs: number;
  }) {
    this.router = parts.router;
    this.around = parts.around;
    this.#link = parts.link;
    this.#agent = parts.agent;
    this.#key = parts.key;
    this.hostKey = parts.hostKey;
    this.#errors = parts.errors;
    this.#delayMs = parts.delayMs;
    this.#link.target = (socket) => this.#relay(socket);
  }

  static async start({ name, devices, packages = [], delayMs = 0 }: NetworkOptions): Promise<OperationsNetwork> {
    const instance = `test-operations-${process.pid}`;
    await ensureDemoRouterImage();
    const router = await startDemoRouter({ name, instance, packages });
    const around = await startSurroundings(router, { instance, devices }).catch(async (error: unknown) => {
      await router.stop();
      throw error;
    });
    const key = makeEd25519();
    await router.exec('cat >> /etc/dropbear/authorized_keys', { input: `${key.publicKey}\n` });
    const hostKey = await router.exec('dropbearkey -y -f /etc/dropbear/dropbear_ed25519_host_key | grep ^ssh-');
    const link = await TestLink.open();
    await link.openControl();
    await link.openTunnel();
    const errors: unknown[] = [];
    const agent = startAgent({ directory: link.directory, report: (error) => errors.push(error), keepaliveMs: 1_000 });
    const network = new OperationsNetwork({
      router,
      around,
      link,
      agent,
      key,
      hostKey: hostKey.output.trim().split(' ').slice(0, 2).join(' '),
      errors,
      delayMs,
    });
    try {
      await network.connect();
      return network;
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  /** Signs in to the router; again after the connection was lost, and with another delay when one is given. */
  async connect(delayMs: number = this.#delayMs): Promise<void> {
    this.#delayMs = delayMs;
    this.#cut = false;
    const router = { user: 'root', hostKey: this.hostKey, keys: { ed25519: this.#key } };
    await eventually('the agent to be signed in', async () => {
      const connection = await this.#link.connect(connectLine(router as never), this.#key);
      const outcome = await eventually('an answer of the agent', () =>
        connection.ended ? 'ended' : connection.reports.find(({ type }) => type !== 'sign')?.type,
      );
      return outcome === 'connected';
    });
  }

  /** Cuts the tunnel, without a word to either end, until {@link connect}; the agent has noticed when this returns. */
  async cutTunnel(): Promise<void> {
    this.#cut = true;
    this.#link.cutTunnel();
    await eventually('the agent to notice', async () => {
      const { body } = await this.#link.request('GET', AGENT_PATHS.status);
      return !AgentStatus.parse(body).connected;
    });
  }

  /** Opens a loopback port that leads to the router's SSH server over the same relay as the agent's tunnel; it closes with the network. */
  async openPort(): Promise<number> {
    this.#port ??= createServer((socket) => {
      socket.on('error', () => undefined);
      this.#relay(socket);
    }).listen(0, '127.0.0.1');
    if (!this.#port.listening) await once(this.#port, 'listening');
    return (this.#port.address() as AddressInfo).port;
  }

  /** Runs an operation; a problem is an answer too. */
  async attempt<N extends OperationName>(
    name: N,
    input: OperationInput<N>,
    onProgress: (stage: string) => void = () => {},
  ): Promise<OperationAnswer<N>> {
    const session = await this.#link.linked();
    const stream = session.request({ ':method': 'POST', ':path': `${AGENT_PATHS.operations}/${name}` });
    stream.end(JSON.stringify(input));
    for await (const line of linesOf(stream)) {
      if (line.type === 'progress') onProgress(line.stage);
      if (line.type === 'problem') return { problem: line.problem };
      if (line.type !== 'result') continue;
      const output = OPERATIONS[name].output.parse(line.output) as OperationOutput<N>;
      return { output, roundTrips: line.roundTrips, milliseconds: line.milliseconds };
    }
    throw new Error(`${name} ended without a result`);
  }

  /** Runs an operation that must succeed. */
  async operate<N extends OperationName>(name: N, input: OperationInput<N>): Promise<OperationOutput<N>> {
    const answer = await this.attempt(name, input);
    if ('output' in answer) return answer.output;
    throw new Error(`${name} failed: ${JSON.stringify(answer.problem)}`);
  }

  /** A line in the router's own shell, past the agent. */
  async shell(line: string, input?: string): Promise<string> {
    return (await this.router.exec(line, input === undefined ? {} : { input })).output.trim();
  }

  /** @throws Error with what the agent reported as unexpected. */
  async stop(): Promise<void> {
    await this.#agent.stop();
    await this.#link.close();
    this.#port?.close();
    await this.around.stop();
    await this.router.stop();
    if (this.#errors.length > 0) throw new Error('the agent reported errors', { cause: this.#errors });
  }

  #relay(socket: Socket): void {
    if (this.#cut) return void socket.destroy();
    const router = connect(22, this.router.address);
    router.on('error', () => socket.destroy());
    router.once('close', () => socket.destroy());
    socket.once('close', () => router.destroy());
    relayLate(socket, router, this.#delayMs);
    relayLate(router, socket, this.#delayMs);
  }
}

async function* linesOf(stream: ClientHttp2Stream): AsyncGenerator<OperationLine> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield OperationLine.parse(JSON.parse(line));
  }
  if (rest !== '') throw new Error(`the agent answered: ${rest.slice(0, 300)}`);
}
