import type { FastifyBaseLogger } from 'fastify';
import { CONNECTION_FINDINGS, type ConnectionFinding } from '../../../contract/routers.ts';
import { ProblemError } from '../errors.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';
import type { RouterConnections } from '../routers/connections.ts';
import type { ConnectionOutcome, ConnectionStream, RouterMaterial } from '../sandbox-link/connection-stream.ts';
import type { SandboxLink } from '../sandbox-link/sandbox-link.ts';
import type { SandboxLinks } from '../sandbox-link/sandbox-links.ts';
import { isTransient } from './state-machine.ts';

export interface ReachServices {
  readonly links: SandboxLinks;
  readonly connections: RouterConnections;
  readonly gateway: Pick<GatewayClient, 'on'>;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;
}

export interface ReachListener {
  /** An agent is on the link (again), whether or not the router can be reached. */
  linked(link: SandboxLink): void;
  connected(): void;
  /** A finding that trying again does not cure. */
  unreachable(finding: ConnectionFinding, detail: string): void;
  /** An SSH connection that stood is gone, or word of it. */
  lost(): void;
  waitOver(detail: string): void;
  agentLost(): void;
  /** The router was deleted. */
  routerGone(): void;
}

type Attempt = ConnectionOutcome | { readonly type: 'closed' };

/** How long an agent may take to dial, at first and after a break, in milliseconds. */
const LINK_WAIT_MS = 20_000;
const HANDSHAKE_MS = 15_000;
const SHORTEST_HANDSHAKE_MS = 1_000;
const RETRY_MS = 1_000;

/** Reaches one router through one sandbox. Owner of the link and of the connection stream on it. */
export class RouterReach {
  readonly #sandboxId: string;
  readonly #routerId: string;
  readonly #services: ReachServices;
  #link: SandboxLink | null = null;
  #stream: ConnectionStream | null = null;
  #loop = new AbortController();

  constructor(sandboxId: string, routerId: string, services: ReachServices) {
    this.#sandboxId = sandboxId;
    this.#routerId = routerId;
    this.#services = services;
  }

  /** Whether an agent is on the link. */
  get linked(): boolean {
    return this.#link?.up === true;
  }

  /** Bytes carried over the link so far, both ways. */
  get bytes(): number {
    return this.#link?.bytes ?? 0;
  }

  /** The link while an agent is on it. @throws ProblemError `sandbox_failed`. */
  get link(): SandboxLink {
    if (this.#link?.up !== true) throw new ProblemError('sandbox_failed');
    return this.#link;
  }

  /** Tries until the router is connected, a finding is final, or `until` (milliseconds since the epoch) has passed. */
  reach(until: number, listener: ReachListener): void {
    this.#loop.abort();
    this.#loop = new AbortController();
    const { signal } = this.#loop;
    this.#try(until, listener, signal).catch((error: unknown) => {
      this.#services.log.error({ err: error }, 'reaching a router failed');
      if (!signal.aborted) listener.waitOver('The connection failed.');
    });
  }

  /** One attempt, for a connection test. @throws ProblemError `sandbox_failed` when no agent comes, `not_found`. */
  async once(signal: AbortSignal): Promise<Attempt> {
    const link = await this.#ready(signal);
    const material = await this.#services.connections.material(this.#routerId);
    const attempt = await this.#attempt(link, material, HANDSHAKE_MS, signal, null);
    if (attempt.type === 'failed') await this.#remember(attempt);
    return attempt;
  }

  /** Lets go of everything; the sandbox and its SSH connection live on until somebody removes them. */
  async close(): Promise<void> {
    this.#loop.abort();
    this.#stream?.close();
    this.#stream = null;
    if (this.#link !== null) await this.#services.links.release(this.#sandboxId);
    this.#link = null;
  }

  async #try(until: number, listener: ReachListener, signal: AbortSignal): Promise<void> {
    let detail = 'The router did not answer.';
    for (;;) {
      let link: SandboxLink;
      try {
        link = await this.#ready(signal);
      } catch {
        if (!signal.aborted) listener.agentLost();
        return;
      }
      if (signal.aborted) return;
      listener.linked(link);
      let attempt: Attempt;
      try {
        const material = await this.#services.connections.material(this.#routerId);
        if (signal.aborted) return;
        const handshakeMs = Math.min(HANDSHAKE_MS, Math.max(SHORTEST_HANDSHAKE_MS, until - Date.now()));
        attempt = await this.#attempt(link, material, handshakeMs, signal, listener);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ProblemError && error.code === 'not_found') return listener.routerGone();
        if (error instanceof ProblemError && error.code === 'router_refused') {
          return listener.unreachable('wrong_credentials', error.message);
        }
        this.#services.log.warn({ err: error }, 'what it takes to reach a router could not be read');
        attempt = { type: 'closed' };
      }
      if (signal.aborted) return;
      if (attempt.type === 'connected') return listener.connected();
      if (attempt.type === 'failed') {
        detail = CONNECTION_FINDINGS[attempt.finding];
        await this.#remember(attempt);
        if (signal.aborted) return;
        if (!isTransient(attempt.finding)) return listener.unreachable(attempt.finding, detail);
      }
      if (Date.now() >= until) return listener.waitOver(detail);
      await this.#pause(Math.min(RETRY_MS, Math.max(0, until - Date.now())), signal);
      if (signal.aborted) return;
    }
  }

  async #ready(signal: AbortSignal): Promise<SandboxLink> {
    this.#link ??= await this.#services.links.open(this.#sandboxId);
    if (signal.aborted) throw new ProblemError('sandbox_failed');
    try {
      await this.#link.ready(AbortSignal.any([signal, AbortSignal.timeout(LINK_WAIT_MS)]));
    } catch (cause) {
      throw new ProblemError('sandbox_failed', undefined, { cause });
    }
    return this.#link;
  }

  #attempt(
    link: SandboxLink,
    material: RouterMaterial,
    timeoutMs: number,
    signal: AbortSignal,
    listener: ReachListener | null,
  ): Promise<Attempt> {
    this.#stream?.close();
    this.#stream = null;
    return new Promise((resolve) => {
      let settled = false;
      let timer: NodeJS.Timeout | undefined;
      const settle = (attempt: Attempt) => {
        settled = true;
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        if (attempt.type !== 'connected') {
          this.#stream?.close();
          this.#stream = null;
        }
        resolve(attempt);
      };
      const giveUp = () => settle({ type: 'closed' });
      const lost = () => {
        if (this.#stream !== stream) return;
        this.#stream = null;
        listener?.lost();
      };
      let stream: ConnectionStream | null = null;
      try {
        stream = link.connect(material, {
          timeoutMs,
          onReport: (report) => {
            if (!settled) settle(report);
            else if (report.type !== 'connected') lost();
          },
          onClosed: () => (settled ? lost() : settle({ type: 'closed' })),
        });
      } catch {
        return giveUp();
      }
      this.#stream = stream;
      signal.addEventListener('abort', giveUp, { once: true });
      // The agent keeps its own time; this is for one that does not.
      timer = setTimeout(giveUp, timeoutMs + 5_000);
    });
  }

  async #remember(attempt: Extract<ConnectionOutcome, { type: 'failed' }>): Promise<void> {
    const { finding, hostKey } = attempt;
    if (hostKey === null || (finding !== 'host_key_changed' && finding !== 'host_key_unconfirmed')) return;
    try {
      await this.#services.connections.hostKeySeen(this.#routerId, hostKey);
    } catch (error) {
      this.#services.log.warn({ err: error }, 'a host key that was seen could not be kept');
    }
  }

  /** Waits, less long when the router's tunnel comes up. */
  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        off();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const off = this.#services.gateway.on((change) => {
        if (change.type === 'tunnel' && change.tunnel.routerId === this.#routerId && change.tunnel.tunnel.up) done();
      });
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
