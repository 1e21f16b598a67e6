import { z } from 'zod';
import { Id, Instant, Moment, PrintableText } from './identifiers.ts';
import { PageQuery } from './page.ts';

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
  'session_watched',
  'session_joined',
  'session_paused',
  'session_resumed',
  'session_messaged',
  'screen_locked',
  'screen_unlocked',
  'lock_set',
  'lock_lifted',
  'policy_changed',
  'audit_exported',
  'audit_verified',
  'reauthenticated',
  'terminal_opened',
  'terminal_taken_over',
  'command_run',
  'router_operated',
  'router_operation_failed',
  'device_changed',
  'device_forgotten',
  'policies_taken',
  'earlier_data_imported',
  'file_transfer_started',
  'file_transfer_ended',
  'file_change_started',
  'file_change_ended',
  'recording_failed',
  'recording_resumed',
  'recording_played',
  'recording_downloaded',
  'recording_deleted',
  'recording_expired',
  'recording_upload_failed',
  'recording_upload_resumed',
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

/** Which entries: all that fit every filter given. */
export const AuditFilter = z.strictObject({
  action: AuditAction.optional(),
  /** Who did it, or whom it was done to. */
  personId: Id.optional(),
  /** What was done to the router, and all sessions with it. */
  routerId: Id.optional(),
  from: Moment.optional(),
  /** Before this instant. */
  until: Moment.optional(),
  /** Text in the name of the person or in the details, whatever its case. */
  text: PrintableText.max(100).optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

export const AuditQuery = z.strictObject({ ...AuditFilter.shape, ...PageQuery.shape });
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditExportQuery = z.strictObject({ ...AuditFilter.shape, format: z.enum(['csv', 'jsonl']) });
export type AuditExportQuery = z.infer<typeof AuditExportQuery>;

/** The newest entry of a chain: its place, and the hash that stands for it and everything before it. */
export const AuditHead = z.strictObject({ position: z.int().min(1), hash: z.string().regex(/^[0-9a-f]{64}$/u) });
export type AuditHead = z.infer<typeof AuditHead>;

/** What can be wrong with a chain. */
export const AUDIT_FAULTS = {
  changed: 'An entry was changed after it was written, or stands in the place of another.',
  missing: 'An entry is missing.',
  unchained: 'An entry was written past the chain.',
  cut: 'The end of the chain is gone: a signed head speaks of entries that are not there.',
  rewritten: 'The chain was written anew: a signed head says that it was another.',
  forged: 'A signed head is not signed by a key of this bastion.',
} as const;
export type AuditFault = keyof typeof AUDIT_FAULTS;

/** What a check of a chain from its first entry to its last has found. */
export const AuditVerification = z.strictObject({
  intact: z.boolean(),
  entries: z.int().min(0),
  /** Signed heads that were compared. */
  anchors: z.int().min(0),
  head: AuditHead.nullable(),
  /** The first thing that is wrong. */
  fault: z
    .strictObject({
      kind: z.enum(Object.keys(AUDIT_FAULTS) as [AuditFault, ...AuditFault[]]),
      explanation: z.string(),
      position: z.int().min(1).nullable(),
    })
    .nullable(),
});
export type AuditVerification = z.infer<typeof AuditVerification>;
