import type { ServerHttp2Stream } from 'node:http2';
import { AGENT_PATHS } from '@netpilot/control-plane/contract/agent.ts';
import { OPERATIONS, OperationName } from '@netpilot/control-plane/contract/operations/catalogue.ts';
import { MAX_OPERATION_LINE, type OperationLine } from '@netpilot/control-plane/contract/operations/operation.ts';
import { readJson } from '../link/json.ts';
import { ProblemError } from '../link/problem.ts';
import type { Route } from '../link/router.ts';
import { finishStream } from '../link/streams.ts';
import type { ConnectionService } from '../ssh/connection-service.ts';
import type { Driver, Handler } from './driver.ts';
import { OperationFailure, routerSaid } from './problem.ts';
import { Runner } from './runner.ts';

/** Operations at once; each may hold its answer in memory. */
const MAX_RUNNING = 4;

/**
 * `POST /v1/operations/:name`: one operation, its progress and its result as lines. A caller that goes away ends a read or a job at once; of a
 * change the router's own watchdog undoes what was not confirmed.
 */
export function operationRoutes(connections: ConnectionService, driver: Driver): Route[] {
  let running = 0;
  return [
    {
      method: 'POST',
      path: `${AGENT_PATHS.operations}/:name`,
      handle: async ({ stream, params }) => {
        const name = OperationName.safeParse(params.name);
        if (!name.success) throw new ProblemError('not_found', 'No such operation.');
        const input = await readJson(stream, OPERATIONS[name.data].input, MAX_OPERATION_LINE);
        const connection = connections.require();
        if (running >= MAX_RUNNING) throw new ProblemError('router_refused', 'Too many operations run at once.');
        running++;
        const gone = new AbortController();
        const { timeoutSeconds } = OPERATIONS[name.data];
        const timer = setTimeout(() => gone.abort(overdue(timeoutSeconds)), timeoutSeconds * 1_000);
        stream.once('close', () => gone.abort());
        try {
          await perform(stream, driver, name.data, input, new Runner(connection, gone.signal));
        } finally {
          clearTimeout(timer);
          running--;
        }
      },
    },
  ];
}

async function perform(
  stream: ServerHttp2Stream,
  driver: Driver,
  name: OperationName,
  input: unknown,
  router: Runner,
): Promise<void> {
  const since = performance.now();
  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
  const say = (line: OperationLine) => {
    if (!stream.destroyed && stream.writable) stream.write(`${JSON.stringify(line)}\n`);
  };
  try {
    // The input was parsed with this very operation's schema.
    const handler = driver[name] as Handler<OperationName>;
    const output = await handler(input as never, {
      router,
      progress: (stage, percent = null) => say({ type: 'progress', stage, percent }),
    });
    const milliseconds = performance.now() - since;
    say({ type: 'result', output: checked(name, output), roundTrips: router.roundTrips, milliseconds });
  } catch (error) {
    if (error instanceof OperationFailure) say({ type: 'problem', problem: error.problem });
    else if (error instanceof ProblemError) say({ type: 'problem', problem: ofConnection(error) });
    else throw error;
  }
  finishStream(stream);
}

/** The contract's last word on what leaves: what a router made up does not pass. */
function checked(name: OperationName, output: unknown): unknown {
  const parsed = OPERATIONS[name].output.safeParse(output);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.slice(0, 5).map((issue) => issue.path.join('.'));
  throw routerSaid(`Its answer is not what it should be at ${where.join(', ')}.`, null);
}

function overdue(seconds: number): OperationFailure {
  return new OperationFailure({ code: 'timed_out', detail: `It took more than ${seconds} seconds.` });
}

function ofConnection(error: ProblemError): OperationFailure['problem'] {
  if (error.code === 'not_connected') return { code: 'connection_lost', detail: error.message };
  return { code: 'router_said', detail: error.message, exitCode: null };
}
