import { setTimeout as delay } from 'node:timers/promises';
import type { GatewaySession } from '../../../contract/gateway.ts';
import type { EndReason } from '../../../contract/sessions.ts';
import type { TerminalNotice } from '../../../contract/terminal-frames.ts';
import { ProblemError } from '../errors.ts';
import { CLOSE } from '../events/person-sockets.ts';
import type { GatewayClient } from '../gateway-client/gateway-client.ts';
import type { SandboxLink } from '../sandbox-link/sandbox-link.ts';
import { SessionTerminals, type TerminalServices } from '../terminals/session-terminals.ts';
import { LimitWatch } from './limit-watch.ts';
import type { Limit, SessionLimits } from './limits.ts';
import { Overseen, type Pause } from './overseen.ts';
import type { SessionView } from './presenter.ts';
import { type ReachServices, RouterReach } from './router-reach.ts';
import { ScreenLock } from './screen-lock.ts';
import type { SessionIdentity } from './session-identity.ts';
import { type Command, type Machine, type MachineEvent, step } from './state-machine.ts';

/** What of a session was so before a restart of the api, besides its machine. */
export interface EarlierState {
  readonly lastActivityAt: number | null;
  readonly screenLockedAt: number | null;
  readonly paused: Pause | null;
}

export interface LiveSessionOptions {
  readonly identity: SessionIdentity;
  readonly machine: Machine;
  readonly earlier: EarlierState;
  readonly limits: SessionLimits;
  /** How long the session waits for a router that is away, in milliseconds. */
  readonly routerWaitMs: number;
  readonly services: ReachServices & {
    readonly gateway: Pick<GatewayClient, 'on' | 'call'>;
    readonly terminals: TerminalServices;
  };
  /** Something that a page sees has changed; `before` is the machine as it was. */
  readonly onChange: (session: LiveSession, before: Machine) => void;
  readonly onScreenLocked: (session: LiveSession) => void;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;

/** One session that has not ended, and everything that is open for it: its reach to the router, its timers, its terminals. */
export class LiveSession implements SessionView {
  readonly identity: SessionIdentity;
  readonly #options: LiveSessionOptions;
  readonly #closing = new AbortController();
  readonly #over = new AbortController();
  readonly #limitWatch: LimitWatch;
  readonly screenLock: ScreenLock;
  /** What those who oversee it do to it. */
  readonly overseen: Overseen;
  readonly terminals: SessionTerminals;
  #machine: Machine;
  #lastActivityAt: number | null;
  #warning: SessionView['warning'] = null;
  #reach: RouterReach | null = null;
  /** Bytes of links that are closed. */
  #bytesBefore = 0;
  #removing = false;
  /** Whether the gateway has taken it; before that it is no wonder that the gateway does not know it. */
  accepted = false;

  constructor(options: LiveSessionOptions) {
    this.identity = options.identity;
    this.#options = options;
    this.#machine = options.machine;
    const { lastActivityAt, screenLockedAt, paused } = options.earlier;
    this.#lastActivityAt = lastActivityAt;
    this.screenLock = new ScreenLock(screenLockedAt);
    this.overseen = new Overseen(paused, () => this.#options.onChange(this, this.#machine));
    this.terminals = new SessionTerminals({
      identity: options.identity,
      imageDigest: () => this.#machine.imageDigest,
      services: options.services.terminals,
      held: () => this.overseen.paused !== null,
      onInput: () => this.touch(),
    });
    this.#limitWatch = new LimitWatch(options.limits, {
      warn: (limit, leftMs) => this.#warn(limit, leftMs),
      reached: (limit) => this.#reached(limit),
    });
    if (options.machine.state === 'live') this.#watchLimits();
  }

  get machine(): Machine {
    return this.#machine;
  }

  get lastActivityAt(): number | null {
    return this.#lastActivityAt;
  }

  get warning(): SessionView['warning'] {
    return this.#warning;
  }

  /** Bytes carried between api and sandbox, both ways, since this process has the session. */
  get bytes(): number {
    return this.#bytesBefore + (this.#reach?.bytes ?? 0);
  }

  /** Aborted with ProblemError `session_over` when it ends, before the way to the agent closes. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** The way to the agent. @throws ProblemError `session_over`, `session_not_live`, `sandbox_failed`. */
  get link(): SandboxLink {
    const { state, reconnecting } = this.#machine;
    if (state === 'ending' || state === 'ended') throw new ProblemError('session_over');
    if (state !== 'live') throw new ProblemError('session_not_live');
    if (this.#reach?.linked === true) return this.#reach.link;
    // On the way back nothing has failed yet.
    throw new ProblemError(reconnecting === null ? 'sandbox_failed' : 'session_not_live');
  }

  /** What the gateway says of it. */
  heard(session: GatewaySession): void {
    this.accepted = true;
    this.#apply({ type: 'gateway', session, at: Date.now() });
  }

  /** The gateway still has it after a restart of ours. */
  recover(session: GatewaySession): void {
    this.accepted = true;
    this.#apply({ type: 'recovered', session, at: Date.now(), waitMs: this.#options.routerWaitMs });
  }

  /** The gateway did not take it. */
  refuse(certain: boolean, detail: string): void {
    this.#apply({ type: 'refused', certain, detail, at: Date.now() });
  }

  end(reason: EndReason, detail: string | null = null): void {
    this.#apply({ type: 'end', reason, detail, at: Date.now() });
  }

  /** The person did something; moves the idle limit. Called for every piece of input, so it does next to nothing. */
  touch(): void {
    this.#lastActivityAt = Date.now();
    this.#limitWatch.touch();
  }

  /** Shows a locked screen to a sign-in again, which counts as activity. @throws ProblemError `sign_in_again`. */
  unlockScreen(loginSessionId: string, authenticatedAt: number): void {
    this.screenLock.show(loginSessionId, authenticatedAt);
    this.touch();
    this.#options.onChange(this, this.#machine);
  }

  /** Tells every page that is attached. */
  notify(notice: TerminalNotice): void {
    this.terminals.notice(notice);
  }

  /** The api stops: lets go of everything, ends nothing. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#limitWatch.stop();
    await this.terminals.close();
    await this.#reach?.close();
  }

  #apply(event: MachineEvent): void {
    if (this.#closing.signal.aborted) return;
    const before = this.#machine;
    const { machine, commands } = step(before, event);
    this.#machine = machine;
    for (const command of commands) this.#run(command);
    if (machine === before) return;
    if (machine.state === 'live' && before.state !== 'live') this.#begin();
    if (machine.reconnecting !== null && before.reconnecting === null) {
      this.notify({ kind: 'reconnecting', text: 'The router is away; waiting for it.' });
    }
    this.#options.onChange(this, before);
  }

  #begin(): void {
    this.#lastActivityAt ??= this.#machine.liveAt;
    this.#watchLimits();
  }

  #run(command: Command): void {
    switch (command) {
      case 'connect':
        return this.#connect();
      case 'release':
        return this.#release();
      case 'remove':
        void this.#remove();
    }
  }

  #connect(): void {
    const { routerId } = this.identity;
    const { sandboxId, reconnecting } = this.#machine;
    if (routerId === null || sandboxId === null) {
      this.end('access_lost', 'The router was deleted.');
      return;
    }
    this.#reach ??= new RouterReach(sandboxId, routerId, this.#options.services);
    const { routerWaitMs } = this.#options;
    this.#reach.reach(reconnecting?.until ?? Date.now() + routerWaitMs, {
      linked: (link) => this.terminals.linked(link),
      connected: () => this.#apply({ type: 'connected', at: Date.now() }),
      unreachable: (finding, detail) => this.#apply({ type: 'unreachable', finding, detail, at: Date.now() }),
      lost: () => this.#apply({ type: 'lost', at: Date.now(), waitMs: routerWaitMs }),
      waitOver: (detail) => this.#apply({ type: 'wait_over', detail, at: Date.now() }),
      agentLost: () => this.#apply({ type: 'agent_lost', at: Date.now() }),
      routerGone: () => this.end('access_lost', 'The router was deleted.'),
    });
  }

  #release(): void {
    this.#over.abort(new ProblemError('session_over'));
    this.#limitWatch.stop();
    this.#warning = null;
    const reach = this.#reach;
    this.#bytesBefore = this.bytes;
    this.#reach = null;
    this.terminals.end();
    reach?.close().catch((error: unknown) => this.#options.services.log.warn({ err: error }, 'a link did not close'));
  }

  async #remove(): Promise<void> {
    if (this.#removing) return;
    this.#removing = true;
    const { gateway, log } = this.#options.services;
    for (let pauseMs = FIRST_RETRY_MS; !this.#closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS)) {
      try {
        await gateway.call<'end_session'>({ verb: 'end_session', sessionId: this.identity.id });
        this.#apply({ type: 'removed', at: Date.now() });
        return;
      } catch (error) {
        if (this.#machine.state === 'ended') return;
        log.warn({ err: error, sessionId: this.identity.id }, 'the gateway did not end a session yet');
      }
      await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
  }

  #watchLimits(): void {
    const { liveAt } = this.#machine;
    if (liveAt === null) return;
    const now = Date.now();
    const activityAt = this.#lastActivityAt ?? liveAt;
    const lockedAt = this.screenLock.lockedAt;
    this.#limitWatch.begin(now - liveAt, now - activityAt, lockedAt !== null && lockedAt >= activityAt);
  }

  #warn(limit: Limit | null, leftMs: number): void {
    this.#warning = limit === null ? null : { limit, at: Date.now() + leftMs };
    if (limit !== null) this.notify({ kind: 'warning', text: warningText(limit, leftMs) });
    this.#options.onChange(this, this.#machine);
  }

  #reached(limit: Limit): void {
    if (limit !== 'screen_lock') return this.end(limit);
    this.#warning = null;
    this.screenLock.lock();
    // Those who watch go on; its person's pages come back when they have signed in anew.
    this.terminals.closeWhere(({ access }) => access === 'own', CLOSE.screenLocked, 'the screen is locked');
    this.#options.onScreenLocked(this);
  }
}

const WARNINGS: Readonly<Record<Limit, (left: string) => string>> = {
  screen_lock: (left) => `Nothing was typed for a while: the screen is locked in ${left} unless you go on.`,
  idle: (left) => `Nothing was typed for a while: this session ends in ${left} unless you go on.`,
  lifetime: (left) => `This session has reached its longest time and ends in ${left}.`,
};

function warningText(limit: Limit, leftMs: number): string {
  const seconds = Math.max(1, Math.round(leftMs / 1_000));
  return WARNINGS[limit](seconds > 90 ? `${Math.round(seconds / 60)} minutes` : `${seconds} seconds`);
}
