import type { GatewaySession } from '../../../contract/gateway.ts';
import type { RouterRoute } from '../relay/router-route.ts';
import type { SandboxRelay } from '../relay/sandbox-relay.ts';
import type { Applicant } from './admission.ts';
import type { Sandbox } from './sandbox-yard.ts';

/** Why a session has to end, or ended. */
export interface Ending {
  cause: NonNullable<GatewaySession['cause']>;
  detail: string | null;
}

/** One session, from its request until it is forgotten. */
export interface SessionRecord {
  readonly applicant: Applicant;
  readonly route: RouterRoute;
  state: GatewaySession['state'];
  sandbox: Sandbox | null;
  relay: SandboxRelay | null;
  /** The start under way; never rejects. */
  launch: Promise<void> | null;
  /** Set as soon as it has to end, whether or not that has worked yet. */
  ending: Ending | null;
  /** The end under way. */
  finishing: Promise<void> | null;
}
