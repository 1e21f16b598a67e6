import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { Op } from 'sequelize';
import type { Database } from '@netpilot/db/database.ts';
import type { OperationRun as RunRow } from '@netpilot/db/models/operation-run.ts';
import { type OperationAnswer, type OperationRun, RunState } from '../../../contract/operation-runs.ts';
import { OPERATIONS, OperationName } from '../../../contract/operations/catalogue.ts';
import type { OperationProgress } from '../../../contract/operations/operation.ts';
import { ProblemCode } from '../../../contract/problems.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditEntry, AuditLog } from '../audit/audit-log.ts';
import { ProblemError, notFound } from '../errors.ts';
import { NEWEST_FIRST, afterCursor, toPage } from '../http/pages.ts';
import { withRouterOf } from '../routers/with-router.ts';

/** Runs kept for one router. */
const KEPT_RUNS = 500;
/** How long what a job gave can be fetched, in milliseconds, and of how many jobs. */
const OUTPUT_MS = 600_000;
const KEPT_OUTPUTS = 200;
const MAX_DETAIL = 500;

/** A run that has not ended, or whose output can still be fetched. */
export interface ActiveRun {
  run: OperationRun;
  output: unknown;
  warnings: string[];
  readonly cancel: AbortController;
}

export interface RunBookOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly publish: (run: OperationRun) => void;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** Every run that changes a router or takes long: in memory while it goes on, as a row from its begin, told to pages at each step. */
export class RunBook {
  readonly #options: RunBookOptions;
  readonly #active = new Map<string, ActiveRun>();
  readonly #forgetting = new Set<NodeJS.Timeout>();

  constructor(options: RunBookOptions) {
    this.#options = options;
  }

  /** Opens a run with its audit event; neither is there without the other. */
  async open(
    what: Omit<OperationRun, 'id' | 'state' | 'progress' | 'problem' | 'detail' | 'createdAt' | 'endedAt'>,
    entry: AuditEntry | null,
  ): Promise<ActiveRun> {
    const { database, audit } = this.#options;
    const run: OperationRun = {
      ...what,
      id: randomUUID(),
      state: 'queued',
      progress: null,
      problem: null,
      detail: null,
      createdAt: new Date().toISOString(),
      endedAt: null,
    };
    const { OperationRun: Runs } = database.models;
    const { organisationId, routerId } = run;
    await database.transaction({ organisations: [organisationId], userId: run.userId }, async (transaction) => {
      await Runs.create({ ...run, createdAt: new Date(run.createdAt), endedAt: null }, { transaction });
      const surplus = await Runs.findAll({
        attributes: ['id'],
        where: { routerId },
        order: NEWEST_FIRST,
        offset: KEPT_RUNS,
        limit: KEPT_RUNS,
        transaction,
      });
      if (surplus.length > 0) await Runs.destroy({ where: { id: surplus.map(({ id }) => id) }, transaction });
      if (entry !== null) await audit.record(entry, transaction);
    });
    const active: ActiveRun = { run, output: null, warnings: [], cancel: new AbortController() };
    this.#active.set(run.id, active);
    this.#options.publish(run);
    return active;
  }

  /** Tells pages of a step; nothing is written for it. */
  step(active: ActiveRun, change: { state?: 'running'; ahead?: number; progress?: OperationProgress }): void {
    const { progress, ...rest } = change;
    const told = progress === undefined ? {} : { progress: { stage: progress.stage, percent: progress.percent } };
    active.run = { ...active.run, ...rest, ...told };
    this.#options.publish(active.run);
  }

  /** Ends a run: with its output, or with the problem that it met. Never rejects. */
  async end(
    active: ActiveRun,
    end: { output: unknown; warnings: string[] } | { error: unknown },
    entry: AuditEntry | null,
  ) {
    const { database, audit, log, publish } = this.#options;
    const problem = 'error' in end ? end.error : null;
    const code = problem === null ? null : problem instanceof ProblemError ? problem.code : 'internal';
    const state = code === null ? 'done' : code === 'operation_cancelled' ? 'cancelled' : 'failed';
    const detail = problem instanceof ProblemError ? (problem.detail?.slice(0, MAX_DETAIL) ?? null) : null;
    const ended = { state, problem: code, detail, ahead: 0 } as const;
    active.run = { ...active.run, ...ended, progress: null, endedAt: new Date().toISOString() };
    if ('output' in end) [active.output, active.warnings] = [end.output, end.warnings];
    this.#forgetLater(active.run.id);
    publish(active.run);
    this.#moveUp(active.run.routerId);
    const { id, organisationId, userId, endedAt } = active.run;
    try {
      await database.transaction({ organisations: [organisationId], userId }, async (transaction) => {
        const change = { state, problem: code, detail, endedAt: endedAt === null ? null : new Date(endedAt) };
        await database.models.OperationRun.update(change, { where: { id }, transaction });
        if (entry !== null && problem !== null) await audit.record(entry, transaction);
      });
    } catch (error) {
      log.warn({ err: error, runId: id }, 'the end of a run was not written');
    }
  }

  /** The history of a router, newest first. @throws ProblemError `not_found`. */
  async list(actor: Actor, routerId: string, query: { cursor?: string | undefined; limit: number }) {
    const { database } = this.#options;
    const rows = await withRouterOf(database, actor, routerId, 'router.observe', (_, transaction) =>
      database.models.OperationRun.findAll({
        where: { routerId, ...afterCursor(query.cursor) },
        order: NEWEST_FIRST,
        limit: query.limit + 1,
        transaction,
      }),
    );
    return toPage(
      rows,
      query.limit,
      (row) => row.createdAt,
      (row) => this.#active.get(row.id)?.run ?? present(row),
    );
  }

  /** One run, with its output for the person who began it. @throws ProblemError `not_found`. */
  async get(actor: Actor, routerId: string, id: string): Promise<OperationAnswer> {
    const { database } = this.#options;
    const row = await withRouterOf(database, actor, routerId, 'router.observe', (_, transaction) =>
      database.models.OperationRun.findOne({ where: { id, routerId }, transaction }),
    );
    if (row === null) throw notFound();
    const active = this.#active.get(id);
    const own = row.userId === actor.userId;
    return {
      run: active?.run ?? present(row),
      output: own ? (active?.output ?? null) : null,
      warnings: own ? (active?.warnings ?? []) : [],
    };
  }

  /** Gives up a run of one's own that waits, or a job that changes nothing. @throws ProblemError `not_found`, `forbidden`. */
  async cancel(actor: Actor, routerId: string, id: string): Promise<OperationAnswer> {
    const answer = await this.get(actor, routerId, id);
    if (answer.run?.userId !== actor.userId) throw new ProblemError('forbidden');
    const active = this.#active.get(id);
    active?.cancel.abort(new ProblemError('operation_cancelled'));
    return { ...answer, run: active?.run ?? answer.run };
  }

  /** Runs that an earlier process left open: nobody knows how they ended. */
  async recover(): Promise<void> {
    const { database, log } = this.#options;
    try {
      await database.transaction({ organisations: 'all', userId: null }, (transaction) =>
        database.models.OperationRun.update(
          { state: 'interrupted', endedAt: new Date() },
          { where: { endedAt: null, id: { [Op.notIn]: [...this.#active.keys()] } }, transaction },
        ),
      );
    } catch (error) {
      log.warn({ err: error }, 'the runs of before could not be closed');
    }
  }

  close(): void {
    for (const { cancel } of this.#active.values()) cancel.abort(new ProblemError('operation_cancelled'));
    for (const timer of this.#forgetting) clearTimeout(timer);
  }

  /** Tells those who wait for a router how many changes are still before theirs. */
  #moveUp(routerId: string): void {
    const line = [...this.#active.values()].filter(({ run }) => run.routerId === routerId && changes(run));
    let ahead = line.filter(({ run }) => run.state === 'running').length;
    for (const active of line.filter(({ run }) => run.state === 'queued')) {
      if (active.run.ahead !== ahead) this.step(active, { ahead });
      ahead += 1;
    }
  }

  #forgetLater(id: string): void {
    const timer = setTimeout(() => {
      this.#forgetting.delete(timer);
      this.#active.delete(id);
    }, OUTPUT_MS);
    this.#forgetting.add(timer);
    const ended = [...this.#active.values()].filter(({ run }) => run.endedAt !== null);
    for (const { run } of ended.slice(0, Math.max(0, ended.length - KEPT_OUTPUTS))) this.#active.delete(run.id);
  }
}

function changes({ operation }: OperationRun): boolean {
  const known = OperationName.safeParse(operation);
  return known.success && OPERATIONS[known.data].changes;
}

function present(row: RunRow): OperationRun {
  return {
    id: row.id,
    organisationId: row.organisationId,
    routerId: row.routerId,
    sessionId: row.sessionId,
    userId: row.userId,
    userName: row.userName,
    operation: row.operation,
    subject: row.subject,
    state: RunState.parse(row.state),
    ahead: 0,
    progress: null,
    problem: ProblemCode.nullable().catch('internal').parse(row.problem),
    detail: row.detail,
    createdAt: row.createdAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}
