import type { GatewayProblem } from '../../contract/gateway.ts';

/** HTTP status of each problem of the contract. */
export const PROBLEM_STATUS = {
  invalid_call: 400,
  unknown_router: 404,
  ports_exhausted: 409,
  engine_unavailable: 503,
  too_many_waiting: 429,
  internal: 500,
} as const satisfies Record<GatewayProblem['code'], number>;

/** A call that cannot be served, with the contract's code; its message is shown to the api's operator and never holds a secret. */
export class GatewayFault extends Error {
  override name = 'GatewayFault';
  readonly code: GatewayProblem['code'];

  constructor(code: GatewayProblem['code'], detail: string, options?: ErrorOptions) {
    super(detail.slice(0, 500), options);
    this.code = code;
  }
}
