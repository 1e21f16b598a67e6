/** Every address of the application; nothing else spells one out. */
export const paths = {
  home: () => '/',
  /** Where the api sends a person whose sign-in failed, with the code of the problem. */
  signIn: () => '/sign-in',
  routers: () => '/routers',
  routerNew: () => '/routers/new',
  router: (routerId: string) => `/routers/${segment(routerId)}`,
  /** The pages that manage a router's network. */
  network: (routerId: string, section?: string) =>
    `/routers/${segment(routerId)}/network${section === undefined ? '' : `/${segment(section)}`}`,
  sessions: () => '/sessions',
  session: (sessionId: string) => `/sessions/${segment(sessionId)}`,
  /** The files of a session's router; `path` and `file` in the query say which. */
  files: (sessionId: string) => `/sessions/${segment(sessionId)}/files`,
  organisations: () => '/organisations',
  organisationNew: () => '/organisations/new',
  organisation: (organisationId: string) => `/organisations/${segment(organisationId)}`,
  audit: (organisationId: string) => `/organisations/${segment(organisationId)}/audit`,
  /** All recordings that a person may see, or those of a router or session. */
  recordings: (of: { routerId?: string; sessionId?: string; organisationId?: string } = {}) => {
    const query = new URLSearchParams(of).toString();
    return query === '' ? '/recordings' : `/recordings?${query}`;
  },
  recording: (recordingId: string) => `/recordings/${segment(recordingId)}`,
  oversight: (tab?: 'locks') => (tab === undefined ? '/oversight' : `/oversight/${tab}`),
  watch: (sessionId: string) => `/oversight/sessions/${segment(sessionId)}`,
  platformAudit: () => '/audit',
  users: () => '/users',
  account: () => '/account',
} as const;

/** The same addresses as patterns for the router. */
export const patterns = {
  router: '/routers/:routerId',
  network: '/routers/:routerId/network/:section?',
  session: '/sessions/:sessionId',
  /** Both faces of a session's page: terminals stay attached while its files are shown. */
  sessionPage: '/sessions/:sessionId/files?',
  recording: '/recordings/:recordingId',
  organisation: '/organisations/:organisationId',
  audit: '/organisations/:organisationId/audit',
  oversight: '/oversight/:tab?',
  watch: '/oversight/sessions/:sessionId',
} as const;

/**
 * Where the browser goes to sign in, and comes back to afterwards.
 * @param returnTo path of this application with its query; anything else becomes the start page.
 */
export function signInAddress(returnTo: string): string {
  return `/api/v1/auth/sign-in?return_to=${encodeURIComponent(localPath(returnTo))}`;
}

/** Where a person who is signed in proves again who they are, to see a locked screen. */
export function signInAgainAddress(returnTo: string): string {
  return `/api/v1/auth/sign-in-again?return_to=${encodeURIComponent(localPath(returnTo))}`;
}

/** @returns `path` when it stays on this site, else the start page; `//host`, `/\host` and control characters do not stay. */
export function localPath(path: string): string {
  return /^\/(?![/\\])[\u0021-\u007e]*$/u.test(path) && !path.includes('\\') ? path : paths.home();
}

function segment(value: string): string {
  return encodeURIComponent(value);
}
