import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Agent, startAgent } from '@netpilot/session-image/src/agent.ts';
import { TUNNEL_SOCKET } from '../../../contract/agent.ts';
import type { GatewayCall, GatewaySession, GatewayTunnel } from '../../../contract/gateway.ts';
import { type FakeAnswer, FakeGateway } from '../gateway-client/fake-gateway.ts';

interface Sandbox {
  readonly agent: Agent;
  readonly relay: Server;
  readonly sockets: Set<Socket>;
  readonly directory: string;
  session: GatewaySession;
}

/** For tests: a gateway whose sandboxes are real agents in this process, with a real relay to a port of this machine. */
export class TestGateway {
  readonly fake: FakeGateway;
  readonly sandboxes = new Map<string, Sandbox>();
  /** Port behind every tunnel; null for a router that is away. */
  port: number | null = null;
  /** While true, sessions stay in the queue. */
  full = false;
  readonly #runDirectory: string;
  readonly #queued = new Map<string, GatewaySession>();
  readonly #tunnels: GatewayTunnel[] = [];

  private constructor(fake: FakeGateway, runDirectory: string) {
    this.fake = fake;
    this.#runDirectory = runDirectory;
    fake.answer = (call) => this.#answer(call);
    this.#greet();
  }

  static async open(runDirectory: string): Promise<TestGateway> {
    return new TestGateway(await FakeGateway.open(), runDirectory);
  }

  addTunnel(routerId: string, organisationId: string): void {
    const tunnel = { up: true, since: null, latencyMs: null, lastSeenAt: null };
    const entry: GatewayTunnel = { routerId, organisationId, port: 2200, tunnel };
    this.#tunnels.push(entry);
    this.#greet();
    this.fake.say({ type: 'tunnel', tunnel: entry });
  }

  /** Breaks the connections to the router, as a tunnel that closes does. */
  cutTunnels(): void {
    for (const { sockets } of this.sandboxes.values()) for (const socket of sockets) socket.destroy();
  }

  /** A sandbox dies without a word of ours. */
  async kill(sessionId: string, cause: GatewaySession['cause']): Promise<void> {
    const { session } = await this.#remove(sessionId);
    this.#greet();
    this.fake.say({ type: 'session', session: { ...session, state: 'gone', cause } });
  }

  /** As after a crash: its line is forgotten, its sandboxes are not. */
  async restart(): Promise<void> {
    await this.fake.stop();
    this.#queued.clear();
    this.#greet();
    await this.fake.start();
  }

  /** Lets everybody in who waits. */
  admit(): void {
    this.full = false;
    for (const queued of this.#queued.values()) void this.#start(queued);
  }

  async close(): Promise<void> {
    for (const id of this.sandboxes.keys()) await this.#remove(id);
    await this.fake.close();
  }

  #greet(): void {
    const sessions = [...this.#queued.values(), ...[...this.sandboxes.values()].map(({ session }) => session)];
    this.fake.greeting = [`${JSON.stringify({ type: 'snapshot', sessions, tunnels: this.#tunnels })}\n`];
  }

  async #answer(call: GatewayCall): Promise<FakeAnswer> {
    const body = await this.#do(call);
    this.#greet();
    return { status: 200, body };
  }

  async #do(call: GatewayCall): Promise<unknown> {
    switch (call.verb) {
      case 'start_session': {
        const queued: GatewaySession = {
          sessionId: call.sessionId,
          state: 'queued',
          queue: { position: 1, estimateSeconds: null },
          sandboxId: null,
          imageDigest: null,
          detail: null,
          cause: null,
        };
        this.#queued.set(call.sessionId, queued);
        this.fake.say({ type: 'session', session: queued });
        if (!this.full) void this.#start(queued);
        return queued;
      }
      case 'end_session': {
        const ended = this.#queued.delete(call.sessionId) || this.sandboxes.has(call.sessionId);
        if (this.sandboxes.has(call.sessionId)) await this.#remove(call.sessionId);
        return { ended };
      }
      case 'list':
        return {
          sessions: [...this.#queued.values(), ...[...this.sandboxes.values()].map(({ session }) => session)],
          tunnels: this.#tunnels,
        };
      default:
        throw new Error(`not of this test: ${call.verb}`);
    }
  }

  async #start(queued: GatewaySession): Promise<void> {
    const sandboxId = randomUUID();
    const directory = join(this.#runDirectory, 'sessions', sandboxId);
    await mkdir(directory, { recursive: true });
    const sockets = new Set<Socket>();
    const relay = createServer((socket) => {
      socket.on('error', () => {});
      if (this.port === null) return void socket.destroy();
      const router = connect(this.port, '127.0.0.1');
      sockets.add(socket);
      router.on('error', () => socket.destroy());
      router.on('close', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        router.destroy();
      });
      socket.pipe(router).pipe(socket);
    });
    await new Promise<void>((resolve) => relay.listen(join(directory, TUNNEL_SOCKET), resolve));
    await chmod(join(directory, TUNNEL_SOCKET), 0o666);
    const agent = startAgent({ directory, report: () => {} });
    const session: GatewaySession = { ...queued, state: 'ready', queue: null, sandboxId, imageDigest: 'sha256:test' };
    if (!this.#queued.delete(queued.sessionId)) {
      await agent.stop();
      relay.close();
      return;
    }
    this.sandboxes.set(queued.sessionId, { agent, relay, sockets, directory, session });
    this.#greet();
    this.fake.say({ type: 'session', session });
  }

  async #remove(sessionId: string): Promise<Sandbox> {
    const sandbox = this.sandboxes.get(sessionId);
    if (sandbox === undefined) throw new Error('no such sandbox');
    this.sandboxes.delete(sessionId);
    for (const socket of sandbox.sockets) socket.destroy();
    await sandbox.agent.stop();
    await new Promise((resolve) => sandbox.relay.close(resolve));
    await rm(sandbox.directory, { recursive: true, force: true });
    return sandbox;
  }
}
