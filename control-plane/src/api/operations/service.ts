import type { FastifyBaseLogger } from 'fastify';
import type { Transaction } from 'sequelize';
import type { OperationAnswer } from '../../../contract/operation-runs.ts';
import {
  OPERATIONS,
  type OperationArguments,
  type OperationName,
  type OperationOutput,
} from '../../../contract/operations/catalogue.ts';
import type { Operation, OperationProgress } from '../../../contract/operations/operation.ts';
import type { PageEvent } from '../../../contract/events.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import { ProblemError } from '../errors.ts';
import { withRouterOf } from '../routers/with-router.ts';
import type { LiveSession } from '../sessions/live-session.ts';
import type { SessionReader } from '../sessions/reader.ts';
import type { SessionService } from '../sessions/service.ts';
import { whileLive } from '../sessions/while-live.ts';
import { type EffectServices, storeEffect } from './effects.ts';
import { problemOfOperation } from './outcome.ts';
import type { ActiveRun, RunBook } from './run-book.ts';
import { RouterQueues, type Turn } from './router-queues.ts';
import { subjectOf } from './subject.ts';

export interface OperationServiceOptions extends EffectServices {
  readonly sessions: Pick<SessionService, 'find'>;
  readonly sessionReader: Pick<SessionReader, 'missing'>;
  readonly runs: RunBook;
  readonly publish: (event: Extract<PageEvent, { type: 'router_data_changed' }>) => void;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

export interface OperationRequest {
  readonly name: OperationName;
  /** Not checked yet. */
  readonly input: unknown;
  /** The page asks by itself: it is no activity of the person. */
  readonly watching: boolean;
  /** The page has left. Reads end by it, changes that have begun do not. */
  readonly signal: AbortSignal;
}

/** One operation as it runs. */
interface Call<N extends OperationName> {
  readonly actor: Actor;
  readonly session: LiveSession;
  readonly routerId: string;
  readonly name: N;
  readonly input: OperationArguments<N>;
}

/**
 * Runs operations of the catalogue on the router of a person's session: checks input and right, keeps the order of changes, writes the audit
 * event before and the database after the router has confirmed.
 */
export class OperationService {
  readonly #options: OperationServiceOptions;
  readonly #queues = new RouterQueues();
  /** Jobs that run, by router and name: one of a kind at a time. */
  readonly #jobs = new Set<string>();

  constructor(options: OperationServiceOptions) {
    this.#options = options;
  }

  /**
   * Runs an operation; a job goes on behind the answer.
   * @throws ProblemError `not_found`, `forbidden`, `session_over`, `session_not_live`, `invalid_request`, `router_busy`, and what the router
   * made of it.
   */
  async run(actor: Actor, sessionId: string, request: OperationRequest): Promise<OperationAnswer> {
    const { sessions, sessionReader } = this.#options;
    const session = sessions.find(actor, sessionId, 'session.use') ?? (await sessionReader.missing(actor, sessionId));
    const { routerId } = session.identity;
    if (routerId === null) throw new ProblemError('session_over');
    const { name } = request;
    const operation: Operation = OPERATIONS[name];
    await withRouterOf(this.#options.database, actor, routerId, operation.permission, async () => undefined);
    const input = parseInput(operation, request.input) as OperationArguments<OperationName>;
    // Says now why it cannot be, before anything is written.
    void session.link;
    if (operation.changes || !request.watching) session.touch();
    const call = { actor, session, routerId, name, input };
    if (!operation.changes && !operation.job && operation.permission === 'router.observe') {
      return this.#read(call, request.signal);
    }
    return operation.job ? this.#startJob(call) : this.#change(call, request.signal);
  }

  async #read(call: Call<OperationName>, leaving: AbortSignal): Promise<OperationAnswer> {
    const signal = AbortSignal.any([leaving, call.session.over]);
    const { output, warnings } = await this.#queues.run(call.routerId, 'read', signal, (turn) =>
      this.#perform(call, turn, { signal }),
    );
    return { run: null, output, warnings };
  }

  async #change(call: Call<OperationName>, signal: AbortSignal): Promise<OperationAnswer> {
    const active = await this.#open(call);
    const leave = () => active.cancel.abort(new ProblemError('operation_cancelled'));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave);
    try {
      return await this.#carry(call, active);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #startJob(call: Call<OperationName>): Promise<OperationAnswer> {
    const key = `${call.routerId} ${call.name}`;
    if (this.#jobs.has(key)) throw new ProblemError('router_busy', 'This is running on the router already.');
    this.#jobs.add(key);
    try {
      const active = await this.#open(call);
      void this.#carry(call, active)
        .catch(() => undefined)
        .finally(() => this.#jobs.delete(key));
      return { run: active.run, output: null, warnings: [] };
    } catch (error) {
      this.#jobs.delete(key);
      throw error;
    }
  }

  #open(call: Call<OperationName>): Promise<ActiveRun> {
    const { actor, session, routerId, name, input } = call;
    const { organisationId, id } = session.identity;
    return this.#options.runs.open(
      {
        organisationId,
        routerId,
        sessionId: id,
        userId: actor.userId,
        userName: actor.name,
        operation: name,
        subject: subjectOf(name, input),
        ahead: this.#queues.changesAhead(routerId),
      },
      audited(name) ? this.#entry(call, 'router_operated') : null,
    );
  }

  /** Waits for the turn of a run, performs it and ends it. */
  async #carry(call: Call<OperationName>, active: ActiveRun): Promise<OperationAnswer> {
    const { runs } = this.#options;
    const { changes, job } = OPERATIONS[call.name] as Operation;
    const signal = AbortSignal.any([active.cancel.signal, call.session.over]);
    try {
      const { output, warnings } = await this.#queues.run(
        call.routerId,
        changes ? 'change' : 'read',
        signal,
        (turn) => {
          runs.step(active, { state: 'running', ahead: 0 });
          return this.#perform(call, turn, {
            // What has begun to change a router is decided there.
            ...(changes ? {} : { signal }),
            onProgress: (progress) => runs.step(active, { progress }),
          });
        },
      );
      await runs.end(active, { output: job || !changes ? output : null, warnings }, null);
      return { run: active.run, output, warnings };
    } catch (error) {
      const entry = audited(call.name) ? this.#entry(call, 'router_operation_failed', error) : null;
      await runs.end(active, { error }, entry);
      throw error;
    }
  }

  /** Router first, database second. */
  async #perform(
    call: Call<OperationName>,
    turn: Turn,
    options: { signal?: AbortSignal; onProgress?: (progress: OperationProgress) => void },
  ): Promise<{ output: unknown; warnings: string[] }> {
    const { actor, name, input, session } = call;
    // A pause or a lock may have fallen while it waited in line.
    this.#options.sessions.find(actor, session.identity.id, 'session.use');
    let output: OperationOutput<OperationName>;
    try {
      ({ output } = await whileLive(session, session.link.operate(name, input, options)));
    } catch (error) {
      options.signal?.throwIfAborted();
      throw problemOfOperation(error);
    }
    return { output, warnings: await this.#store(call, turn, output) };
  }

  async #store(call: Call<OperationName>, turn: Turn, output: OperationOutput<OperationName>): Promise<string[]> {
    const { database, publish, log } = this.#options;
    const { actor, session, routerId, name, input } = call;
    const { organisationId } = session.identity;
    const scope = { organisations: [organisationId], userId: actor.userId };
    const transact = <T>(work: (transaction: Transaction) => Promise<T>) => database.transaction(scope, work);
    const { userId, name: userName } = actor;
    const context = { router: { organisationId, routerId }, userId, userName, transact, link: session.link, turn };
    try {
      const what = await storeEffect(this.#options, context, name, output, input);
      if (what !== null) publish({ type: 'router_data_changed', organisationId, routerId, what });
      return [];
    } catch (error) {
      // The router has it; the next read of it tells what the database lacks.
      log.warn({ err: error, routerId, operation: name }, 'what a router said could not be stored');
      return ['The router has done this, but it could not be stored here. Read the router again in a moment.'];
    }
  }

  #entry(
    { actor, session, routerId, name, input }: Call<OperationName>,
    action: 'router_operated' | 'router_operation_failed',
    error?: unknown,
  ): AuditEntry {
    const { organisationId, routerName } = session.identity;
    const problem = error === undefined ? null : error instanceof ProblemError ? error.code : 'internal';
    const details = { router: routerName, operation: name, subject: subjectOf(name, input), problem };
    return { action, organisationId, actor, subjectId: routerId, details };
  }
}

/** What changes a router leaves an audit event, and what reads its secrets. */
function audited(name: OperationName): boolean {
  const { changes, permission } = OPERATIONS[name] as Operation;
  return changes || permission === 'router.configure';
}

/** @throws ProblemError `invalid_request` with the fields, never with their values. */
function parseInput(operation: Operation, input: unknown): unknown {
  const parsed = operation.input.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: path.join('.').slice(0, 200), message: message.slice(0, 200) }));
  throw new ProblemError('invalid_request', undefined, { errors });
}
