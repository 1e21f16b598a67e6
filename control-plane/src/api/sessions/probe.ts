import { randomUUID } from 'node:crypto';
import type { Database } from '@netpilot/db/database.ts';
import type { ConnectionReport } from '../../../contract/agent.ts';
import type { GatewaySession } from '../../../contract/gateway.ts';
import { type Actor, scopeOf } from '../access/actor.ts';
import { ProblemError, notFound } from '../errors.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';
import { type ReachServices, RouterReach } from './router-reach.ts';

/** What a connection test finds; `failed` with `no_tunnel` when there was nothing to test through. */
export type ProbeResult = Extract<ConnectionReport, { type: 'connected' | 'failed' }>;

export interface ProbeServices extends ReachServices {
  readonly gateway: Pick<GatewayClient, 'on' | 'call' | 'sessions' | 'tunnel'>;
  readonly database: Database;
}

/** The whole test, queue included, in milliseconds. */
const PROBE_MS = 60_000;
/** Goes before sessions of the organisation: it is over in a second. */
const PRIORITY = 5;
const PROBES_PER_PERSON = 2;

const NO_TUNNEL: ProbeResult = { type: 'failed', finding: 'no_tunnel', detail: '', hostKey: null, fingerprint: null };

/** Connection tests: short sessions with a sandbox of their own that connect and end; they leave no row. */
export class ConnectionProbe {
  readonly #services: ProbeServices;
  /** Sandboxes of tests under way, and who asked. */
  readonly #running = new Map<string, string>();
  readonly #closing = new AbortController();

  constructor(services: ProbeServices) {
    this.#services = services;
  }

  /** Whether a session of the gateway's is a test of ours. */
  has(sessionId: string): boolean {
    return this.#running.has(sessionId);
  }

  /**
   * Tests the way to a router; that the actor may, the caller has asked.
   * @throws ProblemError `not_found`, `too_many_requests`, `too_many_sessions`, `gateway_unavailable`, `sandbox_failed`.
   */
  async probe(routerId: string, actor: Actor): Promise<ProbeResult> {
    const { database, gateway, log } = this.#services;
    const router = await database.transaction(scopeOf(actor), (transaction) =>
      database.models.Router.findByPk(routerId, { attributes: ['id', 'organisationId', 'attachment'], transaction }),
    );
    if (router === null) throw notFound();
    if (router.attachment === 'enrolled' && !gateway.tunnel(router.id).up) return NO_TUNNEL;
    const mine = [...this.#running.values()].filter((userId) => userId === actor.userId);
    if (mine.length >= PROBES_PER_PERSON) throw new ProblemError('too_many_requests');
    const sessionId = randomUUID();
    this.#running.set(sessionId, actor.userId);
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(PROBE_MS)]);
    let reach: RouterReach | null = null;
    try {
      const ready = this.#ready(sessionId, signal);
      // Answered or not, `ready` hears of it; an unheard rejection would end the process.
      ready.catch(() => undefined);
      const { organisationId } = router;
      await gateway.call<'start_session'>({
        verb: 'start_session',
        sessionId,
        organisationId,
        userId: actor.userId,
        routerId: router.id,
        priority: PRIORITY,
      });
      reach = new RouterReach(await ready, router.id, this.#services);
      const outcome = await reach.once(signal);
      if (outcome.type === 'failed') return this.#explain(outcome, router.id, router.attachment);
      if (outcome.type === 'connected') return outcome;
      throw new ProblemError('sandbox_failed');
    } finally {
      await reach?.close().catch((error: unknown) => log.warn({ err: error }, 'a link did not close'));
      // Once it is no longer ours, the comparison with the gateway ends what this call could not.
      gateway
        .call<'end_session'>({ verb: 'end_session', sessionId })
        .catch((error: unknown) => log.warn({ err: error }, 'a connection test was not ended yet'))
        .finally(() => this.#running.delete(sessionId));
    }
  }

  /** A sandbox sees only that nobody answers; whether the tunnel stands is known here. */
  #explain(outcome: Extract<ProbeResult, { type: 'failed' }>, routerId: string, attachment: string): ProbeResult {
    const standing = attachment === 'enrolled' && this.#services.gateway.tunnel(routerId).up;
    return outcome.finding === 'no_tunnel' && standing ? { ...outcome, finding: 'refused' } : outcome;
  }

  /** Gives the tests under way up. */
  close(): void {
    this.#closing.abort();
  }

  /** @returns the sandbox's id once it is ready. */
  #ready(sessionId: string, signal: AbortSignal): Promise<string> {
    const { gateway } = this.#services;
    return new Promise((resolve, reject) => {
      const over = () => {
        off();
        signal.removeEventListener('abort', aborted);
      };
      const fail = (detail: string) => {
        over();
        reject(new ProblemError('sandbox_failed', undefined, { cause: new Error(detail) }));
      };
      const aborted = () => fail('no sandbox in time');
      const heard = (session: GatewaySession) => {
        if (session.state === 'gone') return fail(session.detail ?? 'the sandbox is gone');
        if (session.state !== 'ready' || session.sandboxId === null) return;
        over();
        resolve(session.sandboxId);
      };
      const off = gateway.on((change) => {
        if (change.type === 'session' && change.session.sessionId === sessionId) heard(change.session);
      });
      signal.addEventListener('abort', aborted, { once: true });
    });
  }
}
