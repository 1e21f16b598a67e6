/** Query keys, from general to special, so that a prefix names a family. */
export const keys = {
  me: ['me'] as const,
  signIns: ['sign-ins'] as const,
  organisations: ['organisations'] as const,
  organisation: (organisationId: string) => ['organisations', organisationId] as const,
  members: (organisationId: string) => ['members', organisationId] as const,
  audit: (organisationId: string | null, filter: object) => ['audit', organisationId, filter] as const,
  policy: (organisationId: string) => ['policy', organisationId] as const,
  locks: ['locks'] as const,
  overseenTerminals: (sessionId: string) => ['overseen-terminals', sessionId] as const,
  routerLists: ['routers'] as const,
  routers: (organisationId: string | null) => ['routers', organisationId] as const,
  router: (routerId: string) => ['router', routerId] as const,
  sessionLists: ['sessions'] as const,
  sessions: (state: 'active' | 'ended') => ['sessions', state] as const,
  session: (sessionId: string) => ['session', sessionId] as const,
  terminals: (sessionId: string) => ['terminals', sessionId] as const,
  recordingLists: ['recordings'] as const,
  recordings: (filter: object) => ['recordings', filter] as const,
  /** All that is known of one recording, by what it is. */
  recording: (id: string, what?: 'verification' | 'markers' | 'playback') =>
    (what === undefined ? ['recording', id] : ['recording', id, what]) as readonly string[],
  recordingMatches: (id: string, text: string) => ['recording', id, 'matches', text] as const,
  oversight: ['oversight'] as const,
  /** All that is kept of a router's network, by what it is. */
  network: (routerId: string) => ['network', routerId] as const,
  devices: (routerId: string) => ['network', routerId, 'devices'] as const,
  policies: (routerId: string) => ['network', routerId, 'policies'] as const,
  usage: (routerId: string) => ['network', routerId, 'usage'] as const,
  speedTests: (routerId: string) => ['network', routerId, 'speed_tests'] as const,
  runs: (routerId: string) => ['network', routerId, 'runs'] as const,
  /** What the router itself said, in a session. */
  readings: (routerId: string) => ['reading', routerId] as const,
  reading: (routerId: string, operation: string) => ['reading', routerId, operation] as const,
  users: ['users'] as const,
};
