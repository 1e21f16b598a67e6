import { z } from 'zod';
import { OperationProblem } from './operations/operation.ts';

/**
 * Every error that leaves the api, once: its stable code, HTTP status and what the person can do.
 * `docs/CODES.md` is generated from this table.
 */
export const PROBLEMS = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    remedy: 'Correct the fields named in the detail.',
  },
  unauthenticated: { status: 401, title: 'You are not signed in', remedy: 'Sign in and try again.' },
  sign_in_failed: { status: 401, title: 'The sign-in did not complete', remedy: 'Start the sign-in again.' },
  wrong_origin: {
    status: 403,
    title: 'The request came from another site',
    remedy: 'Open the bastion at its own address.',
  },
  forbidden: { status: 403, title: 'You may not do this', remedy: 'Ask an administrator of the organisation.' },
  not_found: {
    status: 404,
    title: 'There is nothing here for you',
    remedy: 'Check the address; it may have been deleted.',
  },
  conflict: { status: 409, title: 'This contradicts what is there', remedy: 'Reload and try again.' },
  last_owner: { status: 409, title: 'An organisation needs an owner', remedy: 'Make somebody else an owner first.' },
  already_member: { status: 409, title: 'This person is a member already', remedy: 'Change the role instead.' },
  port_taken: { status: 409, title: 'This tunnel port belongs to another router', remedy: 'Choose another port.' },
  ports_exhausted: {
    status: 409,
    title: 'No tunnel port is free',
    remedy: 'Delete a router, or ask the operator for a wider range.',
  },
  session_over: { status: 409, title: 'This session has ended', remedy: 'Start a new session.' },
  locked: { status: 403, title: 'This is locked', remedy: 'The detail says why; ask who locked it.' },
  session_paused: {
    status: 409,
    title: 'An administrator has paused this session',
    remedy: 'Wait until it goes on, or ask the administrator.',
  },
  screen_locked: {
    status: 409,
    title: 'The screen of this session is locked',
    remedy: 'Sign in again to see it; what runs in it goes on.',
  },
  sign_in_again: {
    status: 403,
    title: 'This needs a fresh sign-in',
    remedy: 'Sign in again; a sign-in from before does not count.',
  },
  session_not_live: { status: 409, title: 'This session is not connected yet', remedy: 'Wait until it is live.' },
  too_many_sessions: {
    status: 409,
    title: 'You have as many sessions waiting as you may',
    remedy: 'End or cancel one first.',
  },
  too_many_terminals: {
    status: 409,
    title: 'This session has as many terminals as it may',
    remedy: 'Close one first.',
  },
  host_key_unconfirmed: {
    status: 409,
    title: 'The host key of this router is not confirmed',
    remedy: 'Compare the fingerprint and confirm it.',
  },
  host_key_changed: {
    status: 409,
    title: 'The router shows another host key',
    remedy: 'If you reset the router, confirm the new key; otherwise somebody may be in between.',
  },
  enrolment_expired: {
    status: 410,
    title: 'This line has expired or was used',
    remedy: 'Make a new line on the page of the router.',
  },
  recording_gone: {
    status: 410,
    title: 'This recording is not there any more',
    remedy: 'It was deleted, or kept long enough; the audit trail says when.',
  },
  range_not_satisfiable: {
    status: 416,
    title: 'The file has nothing in this range',
    remedy: 'Ask for it without a range.',
  },
  body_too_large: { status: 413, title: 'The body is too large', remedy: 'Send less at once.' },
  unsupported_media_type: {
    status: 415,
    title: 'This content type is not understood',
    remedy: 'Send application/json.',
  },
  too_many_requests: { status: 429, title: 'Too many requests', remedy: 'Wait a little and try again.' },
  internal: {
    status: 500,
    title: 'Something went wrong on our side',
    remedy: 'Try again; the operator finds it in the log by its request id.',
  },
  router_unreachable: {
    status: 502,
    title: 'The router cannot be reached',
    remedy: 'Check the power and the Internet line of the router.',
  },
  router_refused: {
    status: 502,
    title: 'The router refused the connection',
    remedy: 'Check the credentials of the router.',
  },
  sandbox_failed: { status: 502, title: 'The sandbox of this session failed', remedy: 'Start a new session.' },
  database_unavailable: {
    status: 503,
    title: 'The database does not answer',
    remedy: 'Running terminals go on; try again in a moment.',
  },
  gateway_unavailable: { status: 503, title: 'The gateway does not answer', remedy: 'Try again in a moment.' },
  exec_timeout: {
    status: 504,
    title: 'The command did not end in time',
    remedy: 'Give it longer, or run it in a terminal.',
  },
  file_vanished: { status: 404, title: 'There is no such file on the router', remedy: 'Reload the folder.' },
  file_exists: {
    status: 409,
    title: 'Something with this name is there already',
    remedy: 'Choose another name, or replace it.',
  },
  file_permission: {
    status: 403,
    title: 'The router does not let its user do this',
    remedy: 'Check owner and permissions on the router.',
  },
  file_read_only: {
    status: 409,
    title: 'This part of the router is read-only',
    remedy: 'Use a folder that can be written; on OpenWrt /rom never can, and a full overlay turns read-only.',
  },
  file_no_space: {
    status: 507,
    title: 'The router has no space left for this',
    remedy: 'Delete something, or use another file system such as /tmp.',
  },
  file_not_directory: { status: 409, title: 'This is not a folder', remedy: 'Reload the folder.' },
  file_is_directory: { status: 409, title: 'This is a folder', remedy: 'Choose a file.' },
  file_not_empty: { status: 409, title: 'The folder is not empty', remedy: 'Delete it with all that is in it.' },
  file_loop: {
    status: 409,
    title: 'Links on the router lead in a circle',
    remedy: 'Correct the link on the router.',
  },
  file_name_too_long: { status: 400, title: 'The name is too long for the router', remedy: 'Choose a shorter name.' },
  file_busy: { status: 409, title: 'The router is using this file', remedy: 'Stop what uses it and try again.' },
  file_changed: {
    status: 412,
    title: 'The file on the router was changed meanwhile',
    remedy: 'Compare the two, then overwrite it, take the other one, or save under another name.',
  },
  file_special: {
    status: 409,
    title: 'This is a device, pipe or socket and has no content that ends',
    remedy: 'Use a terminal.',
  },
  file_not_supported: {
    status: 501,
    title: 'This router cannot do this',
    remedy: 'Use a terminal, or install what it lacks.',
  },
  file_offset_mismatch: {
    status: 409,
    title: 'The upload goes on at another place',
    remedy: 'Ask for its state and go on from there.',
  },
  file_checksum_mismatch: {
    status: 409,
    title: 'What arrived on the router is not what was sent',
    remedy: 'Upload the file again.',
  },
  file_unsafe_name: {
    status: 400,
    title: 'A name leads out of its folder, or no folder can hold it',
    remedy: 'Take it out, or rename it.',
  },
  file_too_large: { status: 413, title: 'This is too large for here', remedy: 'Upload or download it instead.' },
  file_failed: {
    status: 502,
    title: 'The router could not do this',
    remedy: 'Its own words are in the detail.',
  },
  file_quota: {
    status: 429,
    title: 'You have moved as many bytes today as you may',
    remedy: 'Go on tomorrow (UTC), or ask the operator of the bastion for more.',
  },
  file_transfers: {
    status: 429,
    title: 'You have as many transfers running as you may',
    remedy: 'Wait for one to end, or stop one.',
  },
  router_busy: {
    status: 409,
    title: 'This router is busy with other changes',
    remedy: 'Wait until they are done and try again.',
  },
  operation_unsupported: {
    status: 501,
    title: 'This router cannot do this',
    remedy: 'It may be possible in a terminal.',
  },
  operation_needs_package: {
    status: 409,
    title: 'The router lacks a package for this',
    remedy: 'Install it on the System page of the router.',
  },
  operation_conflict: {
    status: 409,
    title: 'The router is no longer as this page shows it',
    remedy: 'Read it again and repeat the change.',
  },
  operation_rolled_back: {
    status: 409,
    title: 'The change did not hold and was taken back',
    remedy: 'The router is as it was before. Try again when its connection is steady.',
  },
  operation_refused: {
    status: 502,
    title: 'The router refused a step of this',
    remedy: 'Its own words are in the detail.',
  },
  operation_timeout: {
    status: 504,
    title: 'The router did not finish in time',
    remedy: 'Read its state again before you repeat it.',
  },
  operation_cancelled: { status: 409, title: 'This was cancelled', remedy: 'Start it again when you need it.' },
  device_protected: {
    status: 409,
    title: 'This device is protected',
    remedy: 'The router itself is never blocked; your own device only when you confirm it.',
  },
  router_connection_lost: {
    status: 502,
    title: 'The connection to the router broke meanwhile',
    remedy: 'A change that was not confirmed is taken back by the router itself. Read its state again.',
  },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>;

export type ProblemCode = keyof typeof PROBLEMS;
export const ProblemCode = z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]);

/** RFC 9457 problem details; `code` is the stable name, `remedy` what to do, `requestId` finds it in the log. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: ProblemCode,
  remedy: z.string(),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** What the router made of an operation, with what a page needs to go on. */
  operation: OperationProblem.optional(),
});
export type Problem = z.infer<typeof Problem>;
