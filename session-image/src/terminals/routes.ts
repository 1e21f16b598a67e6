import { AGENT_PATHS } from '@netpilot/control-plane/contract/agent.ts';
import { TerminalSize } from '@netpilot/control-plane/contract/sessions.ts';
import { readJson, sendJson, sendNothing } from '../link/json.ts';
import { ProblemError } from '../link/problem.ts';
import type { Route } from '../link/router.ts';
import type { Terminals } from './terminals.ts';

/** Opening, listing, deleting and attaching terminals. */
export function terminalRoutes(terminals: Terminals): Route[] {
  const one = `${AGENT_PATHS.terminals}/:id`;
  return [
    {
      method: 'POST',
      path: AGENT_PATHS.terminals,
      handle: async ({ stream }) => {
        const terminal = await terminals.open(await readJson(stream, TerminalSize));
        sendJson(stream, 201, terminal.view());
      },
    },
    {
      method: 'GET',
      path: AGENT_PATHS.terminals,
      handle: ({ stream }) => sendJson(stream, 200, { terminals: terminals.list().map((terminal) => terminal.view()) }),
    },
    {
      method: 'DELETE',
      path: one,
      handle: ({ stream, params }) => {
        terminals.delete(params.id ?? '');
        sendNothing(stream);
      },
    },
    {
      method: 'POST',
      path: `${one}/attach`,
      handle: ({ stream, params, query }) => terminals.get(params.id ?? '').attach(stream, readOffset(query)),
    },
  ];
}

function readOffset(query: URLSearchParams): number | null {
  const text = query.get('offset');
  if (text === null) return null;
  const offset = /^\d{1,16}$/u.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(offset)) throw new ProblemError('invalid_request', 'Not as agreed: offset');
  return offset;
}
