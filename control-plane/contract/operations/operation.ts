import { z } from 'zod';

/** The right that an operation needs: to look, to govern devices, to configure the router itself. */
export type OperationPermission = 'router.observe' | 'router.operate' | 'router.configure';

/** `high`: it may cut people off or cannot be taken back; a page asks once more before it. */
export type OperationRisk = 'none' | 'low' | 'high';

export interface Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly input: I;
  readonly output: O;
  readonly permission: OperationPermission;
  readonly risk: OperationRisk;
  readonly changes: boolean;
  /** Seconds from the first byte of the request to the last of the answer. */
  readonly timeoutSeconds: number;
  /** It takes long, tells of its progress, and one of a kind runs at a time on a router. */
  readonly job: boolean;
}

/** A read: no right to change, no risk. */
export function read<I extends z.ZodType, O extends z.ZodType>(
  input: I,
  output: O,
  timeoutSeconds = 30,
): Operation<I, O> {
  return { input, output, permission: 'router.observe', risk: 'none', changes: false, timeoutSeconds, job: false };
}

/** A change; `rest` says what differs from a change of low risk that takes at most 90 seconds. */
export function change<I extends z.ZodType, O extends z.ZodType>(
  input: I,
  output: O,
  permission: 'router.operate' | 'router.configure',
  rest: Partial<Pick<Operation, 'risk' | 'timeoutSeconds' | 'job'>> = {},
): Operation<I, O> {
  return { input, output, permission, risk: 'low', changes: true, timeoutSeconds: 90, job: false, ...rest };
}

/** What became of a change that is in force. */
export const ChangeOutcome = z.strictObject({
  /** `confirmed`: applied and held; `unchanged`: the router was so already and nothing was written. */
  outcome: z.enum(['confirmed', 'unchanged']),
  /** What the person should know, e.g. who will be cut off, in words. */
  warnings: z.array(z.string().max(300)).max(20),
});
export type ChangeOutcome = z.infer<typeof ChangeOutcome>;

const detail = z.string().max(1_000);

/** Why an operation has no result. `detail` is for people: printable, bounded, without secrets. */
export const OperationProblem = z.discriminatedUnion('code', [
  /** This router cannot do it, whatever is installed. */
  z.strictObject({ code: z.literal('unsupported'), detail }),
  /** It could with these packages, which `packages.install` takes. */
  z.strictObject({ code: z.literal('needs_package'), detail, packages: z.array(z.string().max(64)).min(1).max(8) }),
  /** What is on the router is not what the request was made for: read again. */
  z.strictObject({ code: z.literal('conflict'), detail }),
  /** Another change of this router waits for its confirmation. */
  z.strictObject({ code: z.literal('busy'), detail }),
  /** The change did not hold. `certain`: the former state was seen to be back; else the router restores it by itself at `by`. */
  z.strictObject({
    code: z.literal('rolled_back'),
    detail,
    certain: z.boolean(),
    by: z.iso.datetime({ offset: true }).nullable(),
  }),
  z.strictObject({
    code: z.literal('protected_device'),
    detail,
    mac: z.string().max(17),
    /** `own` passes when the request confirms it; the router itself never. */
    reason: z.enum(['router', 'own']),
  }),
  z.strictObject({ code: z.literal('invalid_value'), detail, field: z.string().max(100) }),
  z.strictObject({ code: z.literal('not_found'), detail }),
  /** The router refused a step; `detail` quotes it. */
  z.strictObject({ code: z.literal('router_said'), detail, exitCode: z.int().nullable() }),
  z.strictObject({ code: z.literal('connection_lost'), detail }),
  z.strictObject({ code: z.literal('timed_out'), detail }),
]);
export type OperationProblem = z.infer<typeof OperationProblem>;

/** One step of a job or a change, in words, with its share of the whole when that is known. */
export const OperationProgress = z.strictObject({
  type: z.literal('progress'),
  stage: z.string().max(200),
  percent: z.number().min(0).max(100).nullable(),
});
export type OperationProgress = z.infer<typeof OperationProgress>;

/** A line of the agent's answer; `output` is checked with the operation's own schema. */
export const OperationLine = z.discriminatedUnion('type', [
  OperationProgress,
  z.strictObject({
    type: z.literal('result'),
    output: z.unknown(),
    /** How often the agent went to the router and back for it. */
    roundTrips: z.int().min(0),
    milliseconds: z.number().min(0),
  }),
  z.strictObject({ type: z.literal('problem'), problem: OperationProblem }),
]);
export type OperationLine = z.infer<typeof OperationLine>;

/** No line of an answer is longer, in bytes. */
export const MAX_OPERATION_LINE = 4_194_304;
