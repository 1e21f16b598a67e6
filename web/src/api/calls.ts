import { AuditEvent, type AuditFilter, AuditVerification } from '@netpilot/control-plane/contract/audit.ts';
import {
  Lock,
  type LockInput,
  OrganisationPolicy,
  type OrganisationPolicyChange,
} from '@netpilot/control-plane/contract/oversight.ts';
import {
  Member,
  type MemberChange,
  type MemberInput,
  Organisation,
  type OrganisationInput,
} from '@netpilot/control-plane/contract/organisations.ts';
import { LoginSession, Me, User, type UserChange } from '@netpilot/control-plane/contract/people.ts';
import {
  ConnectionTest,
  Enrolment,
  type HostKeyConfirmation,
  Router,
  type RouterChange,
  RouterCreated,
  type RouterInput,
} from '@netpilot/control-plane/contract/routers.ts';
import {
  Recording,
  RecordingMarkers,
  RecordingMatches,
  Verification,
} from '@netpilot/control-plane/contract/recordings.ts';
import {
  ListedTerminal,
  Session,
  type SessionInput,
  type TerminalSize,
} from '@netpilot/control-plane/contract/sessions.ts';
import { Device, type DeviceChange, DeviceList, SpeedTest } from '@netpilot/control-plane/contract/devices.ts';
import { ImportReport, type LegacyImportInput } from '@netpilot/control-plane/contract/legacy-import.ts';
import { OperationAnswer, OperationRun } from '@netpilot/control-plane/contract/operation-runs.ts';
import { type PolicyKind, RouterPolicies } from '@netpilot/control-plane/contract/router-policies.ts';
import { type ExecInput, ExecResult } from '@netpilot/control-plane/contract/sessions.ts';
import { UsageHistory, type UsagePeriodName } from '@netpilot/control-plane/contract/usage-history.ts';
import { z } from 'zod';
import { request, requestRaw } from './client.ts';

/** Lists come whole or page by page; a whole one has no cursor. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable().default(null) });

/** One page of a list. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Which recordings a list shows; what is left out is not asked for. */
export interface RecordingFilter {
  organisationId?: string | undefined;
  routerId?: string | undefined;
  sessionId?: string | undefined;
  userId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

type Signal = AbortSignal | undefined;
const paged = (cursor: string | undefined) => ({ cursor, limit: '50' });
/** Path of a trail below the API. */
export const auditPath = (id: string | null) => (id === null ? '/audit' : `/organisations/${id}/audit`);

/** One function for each request of the API; each throws what {@link request} throws. */
export const api = {
  me: (signal?: Signal) => request({ path: '/me', answer: Me, signal }),
  signOut: () => request({ method: 'POST', path: '/auth/sign-out' }),
  signIns: (signal?: Signal) => request({ path: '/auth/sessions', answer: listOf(LoginSession), signal }),
  endSignIn: (id: string) => request({ method: 'DELETE', path: `/auth/sessions/${id}` }),
  endOtherSignIns: () => request({ method: 'DELETE', path: '/auth/sessions' }),

  organisations: (signal?: Signal) => request({ path: '/organisations', answer: listOf(Organisation), signal }),
  organisation: (id: string, signal?: Signal) =>
    request({ path: `/organisations/${id}`, answer: Organisation, signal }),
  createOrganisation: (body: OrganisationInput) =>
    request({ method: 'POST', path: '/organisations', body, answer: Organisation }),
  renameOrganisation: (id: string, body: OrganisationInput) =>
    request({ method: 'PATCH', path: `/organisations/${id}`, body, answer: Organisation }),
  deleteOrganisation: (id: string) => request({ method: 'DELETE', path: `/organisations/${id}` }),
  members: (id: string, signal?: Signal) =>
    request({ path: `/organisations/${id}/members`, answer: listOf(Member), signal }),
  addMember: (id: string, body: MemberInput) =>
    request({ method: 'POST', path: `/organisations/${id}/members`, body, answer: Member }),
  changeMember: (id: string, userId: string, body: MemberChange) =>
    request({ method: 'PATCH', path: `/organisations/${id}/members/${userId}`, body, answer: Member }),
  removeMember: (id: string, userId: string) =>
    request({ method: 'DELETE', path: `/organisations/${id}/members/${userId}` }),
  /** @param id an organisation; null for the trail of the whole platform. */
  audit: (id: string | null, filter: AuditFilter, cursor?: string, signal?: Signal) =>
    request({ path: auditPath(id), query: { ...filter, ...paged(cursor) }, answer: listOf(AuditEvent), signal }),
  verifyAudit: (id: string | null) =>
    request({ method: 'POST', path: `${auditPath(id)}/verify`, answer: AuditVerification, timeoutMs: 600_000 }),
  policy: (id: string, signal?: Signal) =>
    request({ path: `/organisations/${id}/policy`, answer: OrganisationPolicy, signal }),
  changePolicy: (id: string, body: OrganisationPolicyChange) =>
    request({ method: 'PATCH', path: `/organisations/${id}/policy`, body, answer: OrganisationPolicy }),

  routers: (organisationId?: string, cursor?: string, signal?: Signal) =>
    request({ path: '/routers', query: { organisationId, ...paged(cursor) }, answer: listOf(Router), signal }),
  router: (id: string, signal?: Signal) => request({ path: `/routers/${id}`, answer: Router, signal }),
  createRouter: (body: RouterInput) => request({ method: 'POST', path: '/routers', body, answer: RouterCreated }),
  changeRouter: (id: string, body: RouterChange) =>
    request({ method: 'PATCH', path: `/routers/${id}`, body, answer: Router }),
  deleteRouter: (id: string) => request({ method: 'DELETE', path: `/routers/${id}` }),
  newEnrolment: (id: string) => request({ method: 'POST', path: `/routers/${id}/enrolment`, answer: Enrolment }),
  testRouter: (id: string) => request({ method: 'POST', path: `/routers/${id}/test`, answer: ConnectionTest }),
  confirmHostKey: (id: string, body: HostKeyConfirmation) =>
    request({ method: 'POST', path: `/routers/${id}/host-key`, body, answer: Router }),

  sessions: (state: 'active' | 'ended', cursor?: string, signal?: Signal) =>
    request({ path: '/sessions', query: { state, ...paged(cursor) }, answer: listOf(Session), signal }),
  session: (id: string, signal?: Signal) => request({ path: `/sessions/${id}`, answer: Session, signal }),
  createSession: (body: SessionInput) => request({ method: 'POST', path: '/sessions', body, answer: Session }),
  endSession: (id: string) => request({ method: 'DELETE', path: `/sessions/${id}`, answer: Session }),
  terminals: (id: string, signal?: Signal) =>
    request({ path: `/sessions/${id}/terminals`, answer: listOf(ListedTerminal), signal }),
  openTerminal: (id: string, body: TerminalSize) =>
    request({ method: 'POST', path: `/sessions/${id}/terminals`, body, answer: ListedTerminal }),
  closeTerminal: (id: string, terminal: number) =>
    request({ method: 'DELETE', path: `/sessions/${id}/terminals/${terminal}` }),

  devices: (routerId: string, signal?: Signal) =>
    request({ path: `/routers/${routerId}/devices`, answer: DeviceList, signal }),
  changeDevice: (routerId: string, mac: string, body: DeviceChange) =>
    request({ method: 'PATCH', path: `/routers/${routerId}/devices/${mac}`, body, answer: Device }),
  forgetDevice: (routerId: string, mac: string) =>
    request({ method: 'DELETE', path: `/routers/${routerId}/devices/${mac}` }),
  policies: (routerId: string, signal?: Signal) =>
    request({ path: `/routers/${routerId}/policies`, answer: RouterPolicies, signal }),
  takePolicies: (routerId: string, kind: PolicyKind) =>
    request({ method: 'POST', path: `/routers/${routerId}/policies/${kind}/take`, answer: RouterPolicies }),
  usage: (routerId: string, query: { period: UsagePeriodName; timeZone: string; mac?: string }, signal?: Signal) =>
    request({ path: `/routers/${routerId}/usage`, query, answer: UsageHistory, signal }),
  speedTests: (routerId: string, cursor?: string, signal?: Signal) =>
    request({ path: `/routers/${routerId}/speed-tests`, query: paged(cursor), answer: listOf(SpeedTest), signal }),
  runs: (routerId: string, cursor?: string, signal?: Signal) =>
    request({ path: `/routers/${routerId}/operations`, query: paged(cursor), answer: listOf(OperationRun), signal }),
  run: (routerId: string, runId: string, signal?: Signal) =>
    request({ path: `/routers/${routerId}/operations/${runId}`, answer: OperationAnswer, signal }),
  cancelRun: (routerId: string, runId: string) =>
    request({ method: 'DELETE', path: `/routers/${routerId}/operations/${runId}`, answer: OperationAnswer }),
  importEarlier: (routerId: string, body: LegacyImportInput) =>
    request({ method: 'POST', path: `/routers/${routerId}/import`, body, answer: ImportReport }),
  execute: (sessionId: string, body: ExecInput) =>
    request({ method: 'POST', path: `/sessions/${sessionId}/exec`, body, answer: ExecResult, timeoutMs: 660_000 }),

  recordings: (filter: RecordingFilter, cursor?: string, signal?: Signal) =>
    request({ path: '/recordings', query: { ...filter, ...paged(cursor) }, answer: listOf(Recording), signal }),
  recording: (id: string, signal?: Signal) => request({ path: `/recordings/${id}`, answer: Recording, signal }),
  verifyRecording: (id: string, signal?: Signal) =>
    request({ path: `/recordings/${id}/verification`, answer: Verification, signal }),
  recordingMarkers: (id: string, signal?: Signal) =>
    request({ path: `/recordings/${id}/markers`, answer: RecordingMarkers, signal }),
  recordingMatches: (id: string, text: string, signal?: Signal) =>
    request({ path: `/recordings/${id}/matches`, query: { text }, answer: RecordingMatches, signal }),
  /** The recording as a player takes it, text of one event a line. */
  playRecording: async (id: string, signal: AbortSignal) =>
    (await requestRaw(`/recordings/${id}/playback`, { signal })).text(),
  deleteRecording: (id: string) => request({ method: 'DELETE', path: `/recordings/${id}` }),
  overseenSessions: (organisationId?: string, cursor?: string, signal?: Signal) =>
    request({
      path: '/oversight/sessions',
      query: { organisationId, ...paged(cursor) },
      answer: listOf(Session),
      signal,
    }),
  overseenTerminals: (id: string, signal?: Signal) =>
    request({ path: `/oversight/sessions/${id}/terminals`, answer: listOf(ListedTerminal), signal }),
  pauseSession: (id: string) => request({ method: 'POST', path: `/oversight/sessions/${id}/pause`, answer: Session }),
  resumeSession: (id: string) => request({ method: 'POST', path: `/oversight/sessions/${id}/resume`, answer: Session }),
  messageSession: (id: string, text: string) =>
    request({ method: 'POST', path: `/oversight/sessions/${id}/message`, body: { text }, answer: Session }),
  unlockSession: (id: string) => request({ method: 'POST', path: `/sessions/${id}/unlock`, answer: Session }),
  locks: (signal?: Signal) => request({ path: '/locks', answer: listOf(Lock), signal }),
  setLock: (body: LockInput) => request({ method: 'POST', path: '/locks', body, answer: Lock }),
  liftLock: (id: string) => request({ method: 'DELETE', path: `/locks/${id}` }),
  users: (cursor?: string, signal?: Signal) =>
    request({ path: '/users', query: paged(cursor), answer: listOf(User), signal }),
  changeUser: (id: string, body: UserChange) => request({ method: 'PATCH', path: `/users/${id}`, body, answer: User }),
  revokeUser: (id: string) => request({ method: 'POST', path: `/users/${id}/revoke` }),
} as const;
