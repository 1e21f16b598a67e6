import { z } from 'zod';
import { FileError } from './files.ts';
import { Fingerprint, RouterUser, SshPublicKey } from './identifiers.ts';
import { AlgorithmSet, ConnectionFinding } from './routers.ts';
import { ExecInput, ExecResult, Terminal, TerminalSize } from './sessions.ts';

/**
 * The agent's API. The agent dials `control.sock` and then serves HTTP/2 on that connection; the api is the client. After a break the
 * agent dials again for as long as its sandbox lives, so a restarted api finds connection and terminals as they were.
 *
 * | request | body | answer |
 * | --- | --- | --- |
 * | `GET /v1/status` | | {@link AgentStatus} |
 * | `POST /v1/connection` | stream of {@link ConnectionRequest} lines | stream of {@link ConnectionReport} lines |
 * | `POST /v1/terminals` | {@link TerminalSize} | {@link Terminal} |
 * | `GET /v1/terminals` | | {@link TerminalList} |
 * | `DELETE /v1/terminals/:id` | | 204 |
 * | `POST /v1/terminals/:id/attach?offset=N` | stream of frames with length | stream of frames with length |
 * | `POST /v1/exec` | {@link ExecInput} | {@link ExecResult} |
 * | `/v1/files/…` | see `files.ts` | |
 * | `POST /v1/operations/:name` | input of the operation (`operations/catalogue.ts`) | stream of OperationLine lines |
 *
 * Errors are {@link AgentProblem} with a 4xx or 5xx status. JSON streams are one object a line (NDJSON).
 */
export const AGENT_PATHS = {
  status: '/v1/status',
  connection: '/v1/connection',
  terminals: '/v1/terminals',
  exec: '/v1/exec',
  operations: '/v1/operations',
} as const;

/** Where the session directory is inside a sandbox, and the names of its two sockets. */
export const SESSION_DIRECTORY = '/session';
export const CONTROL_SOCKET = 'control.sock';
export const TUNNEL_SOCKET = 'tunnel.sock';

/** No line of a JSON stream and no JSON body is longer, in bytes. */
export const MAX_AGENT_LINE = 262_144;

export const AgentProblem = z.strictObject({
  code: z.enum([
    'invalid_request',
    'not_found',
    'not_connected',
    'too_many_terminals',
    'router_refused',
    'exec_timeout',
    'file_failed',
    'internal',
  ]),
  detail: z.string().max(1_000),
  /** With `file_failed`, and only there: what is wrong. `detail` is the router's own words then, printable and bounded. */
  file: FileError.optional(),
});
export type AgentProblem = z.infer<typeof AgentProblem>;

/** How the agent proves itself to the router. A private key never enters a sandbox: the api signs for it. */
export const RouterAuthentication = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('password'), password: z.string().min(1).max(256) }),
  z.strictObject({ type: z.literal('signer'), publicKey: SshPublicKey }),
]);
export type RouterAuthentication = z.infer<typeof RouterAuthentication>;

/** api to agent. The first line is `connect`; `signature` answers each `sign`. Ending the stream does not end the connection. */
export const ConnectionRequest = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('connect'),
    user: RouterUser,
    /** The pinned host key; null accepts none: the agent reports the key that it saw and stops. */
    hostKey: SshPublicKey.nullable(),
    algorithms: AlgorithmSet,
    authentication: RouterAuthentication,
    timeoutMs: z.int().min(1_000).max(60_000),
  }),
  z.strictObject({
    type: z.literal('signature'),
    id: z.int().min(0),
    /** The raw signature in base64 (for ed25519 64 bytes); null when the api declines. */
    signature: z.base64().max(4_000).nullable(),
  }),
  z.strictObject({ type: z.literal('disconnect') }),
]);
export type ConnectionRequest = z.infer<typeof ConnectionRequest>;

/** agent to api. After `connected` the stream stays open and reports `lost` when the SSH connection ends. */
export const ConnectionReport = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('sign'),
    id: z.int().min(0),
    /** The bytes to sign, base64: an SSH_MSG_USERAUTH_REQUEST behind the session identifier (RFC 4252, section 7). */
    data: z.base64().max(12_000),
  }),
  z.strictObject({
    type: z.literal('connected'),
    hostKey: SshPublicKey,
    fingerprint: Fingerprint,
    serverIdent: z.string().max(255),
    milliseconds: z.number(),
  }),
  z.strictObject({
    type: z.literal('failed'),
    finding: ConnectionFinding.exclude(['ok']),
    detail: z.string().max(1_000),
    /** The key the router showed, when it came that far. */
    hostKey: SshPublicKey.nullable(),
    fingerprint: Fingerprint.nullable(),
  }),
  z.strictObject({ type: z.literal('lost'), detail: z.string().max(1_000) }),
]);
export type ConnectionReport = z.infer<typeof ConnectionReport>;

export const AgentStatus = z.strictObject({
  agentVersion: z.string().max(40),
  connected: z.boolean(),
  terminals: z.int().min(0),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

export const TerminalList = z.strictObject({ terminals: z.array(Terminal).max(64) });
export { ExecInput, ExecResult, Terminal, TerminalSize };
