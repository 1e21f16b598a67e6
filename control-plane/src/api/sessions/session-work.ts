import type { z } from 'zod';
import type { ExecInput, ExecResult, ListedTerminal, TerminalSize } from '../../../contract/sessions.ts';
import type { Actor } from '../access/actor.ts';
import type { Action } from '../access/policy.ts';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import type { LoginSessions } from '../auth/login-sessions.ts';
import { ProblemError } from '../errors.ts';
import type { LiveSession } from './live-session.ts';
import type { SessionReader } from './reader.ts';
import type { SessionService } from './service.ts';
import { whileLive } from './while-live.ts';

/** Commands that one session runs at once. */
const COMMANDS_AT_ONCE = 8;
/** The program of a command, when it is plainly one; arguments may hold secrets and are not kept. */
const PROGRAM = /^\s*([\w./-]{1,64})(?=\s|$)/u;

/** What the person whose session it is does in it. Every method throws ProblemError `not_found`, `session_over`, `session_not_live`. */
export class SessionWork {
  readonly #sessions: Pick<SessionService, 'find'>;
  readonly #reader: Pick<SessionReader, 'missing'>;
  readonly #audit: AuditLog;
  readonly #signIns: Pick<LoginSessions, 'authenticatedAt'>;
  readonly #commands = new Map<string, number>();

  constructor(
    sessions: Pick<SessionService, 'find'>,
    reader: Pick<SessionReader, 'missing'>,
    audit: AuditLog,
    signIns: Pick<LoginSessions, 'authenticatedAt'>,
  ) {
    this.#sessions = sessions;
    this.#reader = reader;
    this.#audit = audit;
    this.#signIns = signIns;
  }

  /**
   * Shows the locked screen of the actor's own session to this sign-in again.
   * @throws ProblemError `sign_in_again` when the person has not proved since the lock who they are.
   */
  async unlock(actor: Actor, id: string): Promise<LiveSession> {
    const session = await this.#mine(actor, id, 'session.read');
    if (session.identity.userId !== actor.userId) throw new ProblemError('forbidden');
    if (!session.screenLock.hides(actor.loginSessionId)) return session;
    const authenticatedAt = await this.#signIns.authenticatedAt(actor.loginSessionId);
    session.screenLock.check(authenticatedAt);
    await this.#audit.record(entryOf(session, actor, 'screen_unlocked', { router: session.identity.routerName }));
    session.unlockScreen(actor.loginSessionId, authenticatedAt);
    return session;
  }

  async listTerminals(actor: Actor, id: string): Promise<ListedTerminal[]> {
    const session = await this.#mine(actor, id, 'session.attach');
    return session.terminals.list();
  }

  /** @throws ProblemError `too_many_terminals`, `router_refused`. */
  async openTerminal(actor: Actor, id: string, size: TerminalSize): Promise<ListedTerminal> {
    const session = await this.#mine(actor, id);
    const { link } = session;
    await this.#audit.record(entryOf(session, actor, 'terminal_opened', { router: session.identity.routerName }));
    session.touch();
    return session.terminals.opened(await link.openTerminal(size));
  }

  /** @throws ProblemError `not_found` also for a terminal that is not there. */
  async deleteTerminal(actor: Actor, id: string, terminalId: number): Promise<void> {
    const session = await this.#mine(actor, id);
    session.touch();
    await session.link.deleteTerminal(terminalId);
    session.terminals.deleted(terminalId);
  }

  /** Runs one command. @throws ProblemError `session_over` also when it is cut, `exec_timeout`, `router_refused`, `too_many_requests`. */
  async exec(actor: Actor, id: string, input: z.output<typeof ExecInput>): Promise<ExecResult> {
    const session = await this.#mine(actor, id);
    const { link } = session;
    const running = this.#commands.get(session.identity.id) ?? 0;
    if (running >= COMMANDS_AT_ONCE) throw new ProblemError('too_many_requests');
    this.#commands.set(session.identity.id, running + 1);
    try {
      const program = PROGRAM.exec(input.command)?.[1] ?? null;
      const details = { router: session.identity.routerName, program, bytes: Buffer.byteLength(input.command) };
      await this.#audit.record(entryOf(session, actor, 'command_run', details));
      session.touch();
      return await whileLive(session, link.exec(input));
    } finally {
      const left = (this.#commands.get(session.identity.id) ?? 1) - 1;
      if (left > 0) this.#commands.set(session.identity.id, left);
      else this.#commands.delete(session.identity.id);
    }
  }

  async #mine(actor: Actor, id: string, action: Action = 'session.use'): Promise<LiveSession> {
    return this.#sessions.find(actor, id, action) ?? this.#reader.missing(actor, id);
  }
}

function entryOf(
  { identity }: LiveSession,
  actor: Actor,
  action: AuditEntry['action'],
  details: NonNullable<AuditEntry['details']>,
): AuditEntry {
  return { action, organisationId: identity.organisationId, actor, subjectId: identity.id, details };
}
