import { z } from 'zod';
import { Id, Instant } from './identifiers.ts';

/** Everything worth an entry; a typed union over `action`, details are flat and never hold a secret. */
export const AUDIT_ACTIONS = [
  'sign_in',
  'sign_in_failed',
  'sign_out',
  'refresh_reuse',
  'login_session_revoked',
  'user_disabled',
  'user_enabled',
  'organisation_created',
  'organisation_renamed',
  'organisation_deleted',
  'member_added',
  'member_changed',
  'member_removed',
  'router_created',
  'router_changed',
  'router_deleted',
  'router_enrolment_issued',
  'router_enrolled',
  'router_tested',
  'host_key_pinned',
  'host_key_changed',
  'session_requested',
  'session_live',
  'session_ended',
  'terminal_opened',
  'command_run',
  'file_transfer_started',
  'file_transfer_ended',
  'file_change_started',
  'file_change_ended',
] as const;
export const AuditAction = z.enum(AUDIT_ACTIONS);
export type AuditAction = z.infer<typeof AuditAction>;

export const AuditEvent = z.strictObject({
  id: Id,
  at: Instant,
  action: AuditAction,
  organisationId: Id.nullable(),
  actorId: Id.nullable(),
  actorName: z.string().nullable(),
  subjectId: Id.nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type AuditEvent = z.infer<typeof AuditEvent>;
