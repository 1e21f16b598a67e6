import { AGENT_PATHS, ExecInput } from '@netpilot/control-plane/contract/agent.ts';
import { readJson } from '../link/json.ts';
import { ProblemError } from '../link/problem.ts';
import type { Route } from '../link/router.ts';
import type { ConnectionService } from '../ssh/connection-service.ts';
import { sendOutcome } from './answer.ts';
import { collect } from './run-command.ts';

/** Commands at once; each may hold its whole output in memory. */
const MAX_RUNNING = 4;

/** `POST /v1/exec`: one command, its whole answer. A caller that goes away ends its command. */
export function execRoutes(connections: ConnectionService): Route[] {
  let running = 0;
  return [
    {
      method: 'POST',
      path: AGENT_PATHS.exec,
      handle: async ({ stream }) => {
        const { command, ...bounds } = await readJson(stream, ExecInput);
        const connection = connections.require();
        if (running >= MAX_RUNNING) throw new ProblemError('router_refused', 'Too many commands run at once.');
        running++;
        try {
          const since = performance.now();
          const channel = await connection.openExec(command);
          stream.once('close', () => channel.close());
          if (stream.closed) channel.close();
          await sendOutcome(stream, await collect(channel, bounds, since));
        } finally {
          running--;
        }
      },
    },
  ];
}
