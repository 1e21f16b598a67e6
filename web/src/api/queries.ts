import { type UseQueryResult, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { AuditFilter } from '@netpilot/control-plane/contract/audit.ts';
import type { Me } from '@netpilot/control-plane/contract/people.ts';
import { type Page, type RecordingFilter, api } from './calls.ts';
import { keys } from './keys.ts';
import { type Pages, itemsOf } from './pages.ts';
import { isProblem } from './problem.ts';

/** Who is signed in; null when nobody is. */
export const useMe = (): UseQueryResult<Me | null> =>
  useQuery({
    queryKey: keys.me,
    queryFn: async ({ signal }) => {
      try {
        return await api.me(signal);
      } catch (error) {
        if (isProblem(error, 'unauthenticated')) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });

/** The signed-in person, for pages that are only shown to one. */
export function useSignedIn(): Me {
  const { data } = useMe();
  if (!data) throw new Error('this page is only for signed-in people');
  return data;
}

export const useSignIns = () => useQuery({ queryKey: keys.signIns, queryFn: ({ signal }) => api.signIns(signal) });
export const useOrganisations = () =>
  useQuery({ queryKey: keys.organisations, queryFn: ({ signal }) => api.organisations(signal) });
export const useOrganisation = (organisationId: string | null) =>
  useQuery({
    enabled: organisationId !== null,
    queryKey: keys.organisation(organisationId ?? ''),
    queryFn: ({ signal }) => api.organisation(organisationId ?? '', signal),
    staleTime: 300_000,
  });
export const useMembers = (organisationId: string) =>
  useQuery({ queryKey: keys.members(organisationId), queryFn: ({ signal }) => api.members(organisationId, signal) });
export const useRouter = (routerId: string) =>
  useQuery({ queryKey: keys.router(routerId), queryFn: ({ signal }) => api.router(routerId, signal) });
export const useSession = (sessionId: string, enabled = true) =>
  useQuery({
    enabled,
    queryKey: keys.session(sessionId),
    queryFn: ({ signal }) => api.session(sessionId, signal),
    // Events carry every change; this heals what an event lost on the way would leave wrong.
    refetchInterval: ({ state }) => (state.data && state.data.state !== 'ended' ? 15_000 : false),
  });

export const useRouters = (organisationId: string | null) =>
  usePages(keys.routers(organisationId), (cursor, signal) => api.routers(organisationId ?? undefined, cursor, signal));
export const useSessions = (state: 'active' | 'ended') =>
  usePages(keys.sessions(state), (cursor, signal) => api.sessions(state, cursor, signal));
export const useRecordings = (filter: RecordingFilter) =>
  usePages(keys.recordings(filter), (cursor, signal) => api.recordings(filter, cursor, signal));
export const useRecording = (id: string) =>
  useQuery({
    queryKey: keys.recording(id),
    queryFn: ({ signal }) => api.recording(id, signal),
    refetchInterval: ({ state }) => (state.data?.state === 'recording' ? 15_000 : false),
  });
/** What does not change by itself while a page shows it. */
const AS_IT_WAS = { staleTime: Number.POSITIVE_INFINITY, gcTime: 60_000, refetchOnWindowFocus: false } as const;
export const useRecordingVerification = (id: string) =>
  useQuery({
    queryKey: keys.recording(id, 'verification'),
    queryFn: ({ signal }) => api.verifyRecording(id, signal),
    ...AS_IT_WAS,
  });
export const useRecordingMarkers = (id: string) =>
  useQuery({
    queryKey: keys.recording(id, 'markers'),
    queryFn: ({ signal }) => api.recordingMarkers(id, signal),
    ...AS_IT_WAS,
  });
export const useRecordingPlayback = (id: string) =>
  useQuery({
    queryKey: keys.recording(id, 'playback'),
    queryFn: ({ signal }) => api.playRecording(id, signal),
    ...AS_IT_WAS,
    gcTime: 0,
    // It is text of up to 32 MB: nothing compares it with an earlier one.
    structuralSharing: false,
  });
export const useRecordingMatches = (id: string, text: string) =>
  useQuery({
    enabled: text !== '',
    queryKey: keys.recordingMatches(id, text),
    queryFn: ({ signal }) => api.recordingMatches(id, text, signal),
    ...AS_IT_WAS,
  });
export const useOversight = () =>
  usePages(keys.oversight, (cursor, signal) => api.overseenSessions(undefined, cursor, signal));
export const useAudit = (organisationId: string | null, filter: AuditFilter) =>
  usePages(keys.audit(organisationId, filter), (cursor, signal) => api.audit(organisationId, filter, cursor, signal));
export const usePolicy = (organisationId: string) =>
  useQuery({ queryKey: keys.policy(organisationId), queryFn: ({ signal }) => api.policy(organisationId, signal) });
export const useLocks = () => useQuery({ queryKey: keys.locks, queryFn: ({ signal }) => api.locks(signal) });
export const useOverseenTerminals = (sessionId: string) =>
  useQuery({
    queryKey: keys.overseenTerminals(sessionId),
    queryFn: ({ signal }) => api.overseenTerminals(sessionId, signal),
    refetchInterval: 10_000,
  });
export const useUsers = () => usePages(keys.users, (cursor, signal) => api.users(cursor, signal));

export const useDevices = (routerId: string) =>
  useQuery({ queryKey: keys.devices(routerId), queryFn: ({ signal }) => api.devices(routerId, signal) });
export const usePolicies = (routerId: string) =>
  useQuery({ queryKey: keys.policies(routerId), queryFn: ({ signal }) => api.policies(routerId, signal) });
export const useSpeedTests = (routerId: string) =>
  usePages(keys.speedTests(routerId), (cursor, signal) => api.speedTests(routerId, cursor, signal));
export const useRuns = (routerId: string) =>
  usePages(keys.runs(routerId), (cursor, signal) => api.runs(routerId, cursor, signal));

function usePages<T extends { id: string }>(
  queryKey: readonly unknown[],
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Page<T>) => page.nextCursor ?? undefined,
    maxPages: 40,
  });
  return { ...query, items: itemsOf(query.data as Pages<T> | undefined, ({ id }) => id) };
}
