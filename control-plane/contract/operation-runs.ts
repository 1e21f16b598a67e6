import { z } from 'zod';
import { Id, Instant } from './identifiers.ts';
import { OperationProgress } from './operations/operation.ts';
import { ProblemCode } from './problems.ts';

export const RUN_STATES = ['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'] as const;
/** `interrupted`: the bastion was restarted meanwhile, so nobody knows how it ended; the next read of the router tells. */
export const RunState = z.enum(RUN_STATES);
export type RunState = z.infer<typeof RunState>;

/** One operation that changes a router or takes long, from its place in the line to its end. */
export const OperationRun = z.strictObject({
  id: Id,
  organisationId: Id,
  routerId: Id,
  sessionId: Id.nullable(),
  userId: Id,
  userName: z.string(),
  /** Name in the catalogue of operations. */
  operation: z.string(),
  /** What it is about, such as a MAC; never a secret. */
  subject: z.string().nullable(),
  state: RunState,
  /** Changes of the router that come first. */
  ahead: z.int().min(0),
  progress: OperationProgress.omit({ type: true }).nullable(),
  problem: ProblemCode.nullable(),
  detail: z.string().nullable(),
  createdAt: Instant,
  endedAt: Instant.nullable(),
});
export type OperationRun = z.infer<typeof OperationRun>;

/** Answer of `POST /sessions/:id/operations/:name` (202 while it goes on) and of `GET /routers/:id/operations/:runId`. */
export const OperationAnswer = z.strictObject({
  /** Null for a read, which leaves no trace. */
  run: OperationRun.nullable(),
  /** In the shape that the catalogue says; null until it is there, and some time after the end. */
  output: z.unknown(),
  /** Warnings of the bastion itself, e.g. that the router has a change which could not be stored. */
  warnings: z.array(z.string()),
});
export type OperationAnswer = z.infer<typeof OperationAnswer>;
