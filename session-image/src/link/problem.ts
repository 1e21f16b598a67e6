import type { AgentProblem } from '@netpilot/control-plane/contract/agent.ts';

const STATUS: Record<AgentProblem['code'], number> = {
  invalid_request: 400,
  not_found: 404,
  not_connected: 409,
  too_many_terminals: 429,
  router_refused: 502,
  exec_timeout: 504,
  file_failed: 409,
  internal: 500,
};

/** An error with an answer of its own; anything else thrown by a handler is answered as `internal` without its text. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly code: AgentProblem['code'];

  constructor(code: AgentProblem['code'], detail: string) {
    super(detail.slice(0, 1_000));
    this.code = code;
  }

  get status(): number {
    return STATUS[this.code];
  }

  toJSON(): AgentProblem {
    return { code: this.code, detail: this.message };
  }
}

/** @returns what to answer for anything thrown; the text of an unexpected error stays in the agent. */
export function asProblem(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError('internal', 'The agent failed on this request.');
}
