/** Query keys, from general to special, so that a prefix names a family. */
export const keys = {
  me: ['me'] as const,
  signIns: ['sign-ins'] as const,
  organisations: ['organisations'] as const,
  members: (organisationId: string) => ['members', organisationId] as const,
  audit: (organisationId: string) => ['audit', organisationId] as const,
  routerLists: ['routers'] as const,
  routers: (organisationId: string | null) => ['routers', organisationId] as const,
  router: (routerId: string) => ['router', routerId] as const,
  sessionLists: ['sessions'] as const,
  sessions: (state: 'active' | 'ended') => ['sessions', state] as const,
  session: (sessionId: string) => ['session', sessionId] as const,
  terminals: (sessionId: string) => ['terminals', sessionId] as const,
  oversight: ['oversight'] as const,
  users: ['users'] as const,
};
