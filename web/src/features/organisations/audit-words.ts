import type { AuditAction, AuditEvent } from '@netpilot/control-plane/contract/audit.ts';

/** What happened, after the name of who did it. */
export const AUDIT_WORDS: Record<AuditAction, string> = {
  sign_in: 'signed in',
  sign_in_failed: 'failed to sign in',
  sign_out: 'signed out',
  refresh_reuse: 'used an old sign-in again, which ended it',
  login_session_revoked: 'ended a sign-in',
  user_disabled: 'disabled a person',
  user_enabled: 'enabled a person',
  organisation_created: 'created the organisation',
  organisation_renamed: 'renamed the organisation',
  organisation_deleted: 'deleted the organisation',
  member_added: 'added a member',
  member_changed: 'changed the role of a member',
  member_removed: 'removed a member',
  router_created: 'added a router',
  router_changed: 'changed a router',
  router_deleted: 'deleted a router',
  router_enrolment_issued: 'made a line for a router',
  router_enrolled: 'set up a router',
  router_tested: 'tested a connection',
  host_key_pinned: 'confirmed a host key',
  host_key_changed: 'met another host key',
  session_requested: 'asked for a session',
  session_live: 'connected a session',
  session_ended: 'ended a session',
  session_watched: 'watched a session',
  session_joined: 'joined a session',
  session_paused: 'paused a session',
  session_resumed: 'let a session go on',
  session_messaged: 'wrote to a person in a session',
  screen_locked: 'locked the screen of a session that nobody used',
  screen_unlocked: 'unlocked the screen of a session',
  lock_set: 'set a lock',
  lock_lifted: 'lifted a lock',
  policy_changed: 'changed the policy',
  audit_exported: 'exported the audit trail',
  audit_verified: 'checked the audit trail',
  reauthenticated: 'signed in again',
  terminal_opened: 'opened a terminal',
  terminal_taken_over: 'took over a terminal',
  command_run: 'ran a command',
  router_operated: 'changed something on a router',
  router_operation_failed: 'could not change something on a router',
  device_changed: 'described a device',
  device_forgotten: 'forgot a device',
  policies_taken: 'took over what a router is set to',
  earlier_data_imported: 'imported data of the earlier NetPilot',
  file_transfer_started: 'began to move a file',
  file_transfer_ended: 'moved a file',
  file_change_started: 'began to change files',
  file_change_ended: 'changed files',
  recording_failed: 'could not record a terminal, which stopped it',
  recording_resumed: 'records a terminal again',
  recording_played: 'played a recording',
  recording_downloaded: 'downloaded a recording',
  recording_deleted: 'deleted a recording',
  recording_expired: 'deleted a recording that was kept long enough',
  recording_upload_failed: 'could not move a recording to the bucket',
  recording_upload_resumed: 'moves recordings to the bucket again',
};

/** @returns the details of an entry on one line, as `name: value`; control characters are shown as spaces. */
export function detailsLine({ details }: Pick<AuditEvent, 'details'>): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(' · ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
