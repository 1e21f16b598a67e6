import type { ListedTerminal } from '../../../contract/sessions.ts';
import { type Actor, roleIn } from '../access/actor.ts';
import type { Action } from '../access/policy.ts';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import type { LiveSession } from '../sessions/live-session.ts';
import type { Onlooker } from '../sessions/overseen.ts';
import type { SessionReader } from '../sessions/reader.ts';
import type { SessionService } from '../sessions/service.ts';
import type { OrganisationPolicies } from './policies.ts';

export interface SessionOversightOptions {
  readonly sessions: Pick<SessionService, 'find' | 'written'>;
  readonly reader: Pick<SessionReader, 'missing'>;
  readonly policies: OrganisationPolicies;
  readonly audit: AuditLog;
}

/** How somebody looks at a session that is not theirs. */
export type Look = 'watch' | 'join';

/**
 * What administrators do in the running sessions of others. Each act is in the audit trail before it has any effect. Every method throws
 * ProblemError `not_found`, `forbidden`, `session_over`, `session_not_live`.
 */
export class SessionOversight {
  readonly #options: SessionOversightOptions;

  constructor(options: SessionOversightOptions) {
    this.#options = options;
  }

  async terminals(actor: Actor, id: string): Promise<ListedTerminal[]> {
    return (await this.#find(actor, id, 'session.watch')).terminals.list();
  }

  /** Holds the person's input back. */
  async pause(actor: Actor, id: string): Promise<LiveSession> {
    const session = await this.#find(actor, id, 'session.oversee');
    if (session.overseen.paused !== null) return session;
    await this.#record('session_paused', session, actor);
    session.overseen.pause(actor.name);
    await this.#options.sessions.written(session);
    return session;
  }

  async resume(actor: Actor, id: string): Promise<LiveSession> {
    const session = await this.#find(actor, id, 'session.oversee');
    if (session.overseen.paused === null) return session;
    await this.#record('session_resumed', session, actor);
    session.overseen.resume();
    await this.#options.sessions.written(session);
    return session;
  }

  /** Leaves a line in the banner of the person's page. */
  async say(actor: Actor, id: string, text: string): Promise<LiveSession> {
    const session = await this.#find(actor, id, 'session.oversee');
    await this.#record('session_messaged', session, actor, { text });
    session.overseen.say(actor.name, text);
    return session;
  }

  /**
   * Lets somebody look at a terminal of the session.
   * @param dismiss ends their looking on, when a right is lost or a lock holds it.
   * @returns the session, and what takes them away again.
   */
  async look(
    actor: Actor,
    id: string,
    look: Look,
    terminalId: number,
    dismiss: () => void,
  ): Promise<{ session: LiveSession; leave: () => void }> {
    const action = look === 'join' ? 'session.join' : 'session.watch';
    const { organisationId } = (await this.#find(actor, id, action)).identity;
    const { watchNotice } = await this.#options.policies.of(organisationId);
    const session = await this.#find(actor, id, action);
    const silent = look === 'watch' && !watchNotice;
    await this.#record(look === 'join' ? 'session_joined' : 'session_watched', session, actor, {
      terminal: terminalId,
      silent,
    });
    const onlooker: Onlooker = { actor, role: roleIn(actor, organisationId), joined: look === 'join', silent, dismiss };
    return { session, leave: session.overseen.arrive(onlooker) };
  }

  async #find(actor: Actor, id: string, action: Action): Promise<LiveSession> {
    return this.#options.sessions.find(actor, id, action) ?? this.#options.reader.missing(actor, id);
  }

  #record(
    action: AuditEntry['action'],
    { identity }: LiveSession,
    actor: Actor,
    details: AuditEntry['details'] = {},
  ): Promise<void> {
    const { id, organisationId, routerName, userName } = identity;
    return this.#options.audit.record({
      action,
      organisationId,
      actor,
      subjectId: id,
      details: { router: routerName, person: userName, ...details },
    });
  }
}
