/**
 * Who asks. `holder` is an operator to whom the router and the session belong; `operator` is another one of the same organisation;
 * `stranger` owns an organisation of their own; `half` has begun a sign-in and shows its sealed attempt wherever a token could be.
 */
export const ASKERS = [
  'holder',
  'owner',
  'admin',
  'operator',
  'viewer',
  'stranger',
  'platform',
  'anonymous',
  'half',
] as const;
export type Asker = (typeof ASKERS)[number];

/** A status; for a WebSocket the close code behind an accepted upgrade, or `open` for one that stays. */
export type Outcome = number | 'open';

/** Names of things that the suite makes, put in for `{name}` in path and body. */
export type Thing =
  | 'organisation'
  | 'router'
  | 'spareRouter'
  | 'session'
  | 'recording'
  | 'terminal'
  | 'spareTerminal'
  | 'member'
  | 'loginSession';

export interface Row {
  /** As Fastify registers it. */
  readonly route: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} ${string}`;
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly webSocket?: true;
  /** In the order of {@link ASKERS}. */
  readonly expected: readonly Outcome[];
}

const TOKEN = 'A'.repeat(43);
const KEY = `ssh-ed25519 ${'A'.repeat(68)}`;

type Rest = Partial<Pick<Row, 'path' | 'body' | 'form' | 'webSocket'>>;

/** @param path where it differs from the route: the names of the things in the places of the ids. */
function row(route: Row['route'], expected: string, rest: Rest = {}): Row {
  const [, path = ''] = route.split(' ');
  return { route, path, expected: expected.split(' ').map((said) => (said === 'open' ? said : Number(said))), ...rest };
}

const ORGANISATION = '/api/v1/organisations/{organisation}';
const ROUTER = '/api/v1/routers/{router}';
const SPARE = '/api/v1/routers/{spareRouter}';
const SESSION = '/api/v1/sessions/{session}';
const OVERSEEN = '/api/v1/oversight/sessions/{session}';
const RECORDING = '/api/v1/recordings/{recording}';
const USER = '/api/v1/users/{member}';
const MAC = 'aa:bb:cc:dd:ee:01';
const NOBODYS = '00000000-0000-4000-8000-000000000000';

/**
 * Every route of the api and what it answers to whom, written by hand from the design, not from the code. Statuses of those who may:
 * 2xx, or the problem that waits behind the check: a made-up body (409, 410), a router without a tunnel (502). The rows that end things
 * come last.
 */
// prettier-ignore
export const TABLE: readonly Row[] = [
  //                                                          holder owner admin operator viewer stranger platform anonymous half
  row('GET /assets/*',                                        '200 200 200 200 200 200 200 200 200', { path: '/assets/app.js' }),
  row('GET /*',                                               '200 200 200 200 200 200 200 200 200', { path: '/' }),
  row('GET /api/v1/health/live',                              '200 200 200 200 200 200 200 200 200'),
  row('GET /api/v1/health/ready',                             '200 200 200 200 200 200 200 200 200'),
  row('GET /api/v1/metrics',                                  '200 200 200 200 200 200 200 200 200'),
  row('GET /api/v1/openapi.json',                             '200 200 200 200 200 200 200 200 200'),
  row('POST /api/v1/enrolment/script',                        '410 410 410 410 410 410 410 410 410', { form: { token: TOKEN } }),
  row('POST /api/v1/enrolment/report',                        '410 410 410 410 410 410 410 410 410', { form: { token: TOKEN, key: KEY, host_key: KEY, user: 'root' } }),
  row('GET /api/v1/auth/sign-in',                             '302 302 302 302 302 302 302 302 302'),
  row('GET /api/v1/auth/sign-in-again',                       '302 302 302 302 302 302 302 401 401'),
  row('GET /api/v1/auth/callback',                            '302 302 302 302 302 302 302 302 302', { path: '/api/v1/auth/callback?code=x&state=y' }),
  row('POST /api/v1/auth/refresh',                            '204 204 204 204 204 204 204 401 401'),
  row('POST /api/v1/auth/tokens',                             '200 200 200 200 200 200 200 401 401'),
  row('GET /api/v1/auth/sessions',                            '200 200 200 200 200 200 200 401 401'),
  row('GET /api/v1/me',                                       '200 200 200 200 200 200 200 401 401'),

  row('GET /api/v1/organisations',                            '200 200 200 200 200 200 200 401 401'),
  row('POST /api/v1/organisations',                           '201 201 201 201 201 201 201 401 401', { body: { name: 'Another' } }),
  row('GET /api/v1/organisations/:id',                        '200 200 200 200 200 404 200 401 401', { path: ORGANISATION }),
  row('PATCH /api/v1/organisations/:id',                      '403 200 200 403 403 404 404 401 401', { path: ORGANISATION, body: { name: 'One' } }),
  row('GET /api/v1/organisations/:id/members',                '200 200 200 200 200 404 200 401 401', { path: `${ORGANISATION}/members` }),
  row('POST /api/v1/organisations/:id/members',               '403 409 409 403 403 404 404 401 401', { path: `${ORGANISATION}/members`, body: { email: 'grace@one.test', role: 'viewer' } }),
  row('PATCH /api/v1/organisations/:id/members/:userId',      '403 200 200 403 403 404 404 401 401', { path: `${ORGANISATION}/members/{member}`, body: { role: 'viewer' } }),
  row('DELETE /api/v1/organisations/:id/members/:userId',     '403 204 204 403 403 404 404 401 401', { path: `${ORGANISATION}/members/{member}` }),
  row('GET /api/v1/organisations/:id/audit',                  '403 200 200 403 403 404 200 401 401', { path: `${ORGANISATION}/audit` }),
  row('GET /api/v1/organisations/:id/audit/export',           '403 200 200 403 403 404 200 401 401', { path: `${ORGANISATION}/audit/export?format=csv` }),
  row('POST /api/v1/organisations/:id/audit/verify',          '403 200 200 403 403 404 200 401 401', { path: `${ORGANISATION}/audit/verify` }),
  row('GET /api/v1/audit',                                    '404 404 404 404 404 404 200 401 401'),
  row('GET /api/v1/audit/export',                             '404 404 404 404 404 404 200 401 401', { path: '/api/v1/audit/export?format=jsonl' }),
  row('POST /api/v1/audit/verify',                            '404 404 404 404 404 404 200 401 401'),
  row('GET /api/v1/organisations/:id/policy',                 '200 200 200 200 200 404 200 401 401', { path: `${ORGANISATION}/policy` }),
  row('PATCH /api/v1/organisations/:id/policy',               '403 200 200 403 403 404 404 401 401', { path: `${ORGANISATION}/policy`, body: { watchNotice: true } }),
  row('GET /api/v1/locks',                                    '200 200 200 200 200 200 200 401 401'),
  row('GET /api/v1/locks',                                    '403 200 200 403 403 404 200 401 401', { path: '/api/v1/locks?organisationId={organisation}' }),
  row('POST /api/v1/locks',                                   '403 201 201 403 403 404 201 401 401', { body: { organisationId: '{organisation}', target: { type: 'role', role: 'viewer' }, message: 'Later.', expiresAt: null } }),
  row('POST /api/v1/locks',                                   '404 404 404 404 404 404 201 401 401', { body: { organisationId: null, target: { type: 'user', userId: '{member}' }, message: 'Later.', expiresAt: null } }),
  row('DELETE /api/v1/locks/:id',                             '404 404 404 404 404 404 404 401 401', { path: '/api/v1/locks/{spareRouter}' }),

  row('GET /api/v1/users',                                    '404 404 404 404 404 404 200 401 401'),
  row('PATCH /api/v1/users/:id',                              '404 404 404 404 404 404 200 401 401', { path: USER, body: { disabled: false } }),
  row('POST /api/v1/users/:id/revoke',                        '404 404 404 404 404 404 204 401 401', { path: `${USER}/revoke` }),

  row('GET /api/v1/routers',                                  '200 200 200 200 200 200 200 401 401'),
  row('GET /api/v1/routers',                                  '200 200 200 200 200 404 404 401 401', { path: '/api/v1/routers?organisationId={organisation}' }),
  row('POST /api/v1/routers',                                 '201 201 201 201 403 404 404 401 401', { body: { attachment: 'enrolled', organisationId: '{organisation}', name: 'New' } }),
  row('GET /api/v1/routers/:id',                              '200 200 200 200 200 404 404 401 401', { path: ROUTER }),
  row('PATCH /api/v1/routers/:id',                            '200 200 200 403 403 404 404 401 401', { path: ROUTER, body: { name: 'Attic' } }),
  row('POST /api/v1/routers/:id/enrolment',                   '200 200 200 403 403 404 404 401 401', { path: `${SPARE}/enrolment` }),
  row('POST /api/v1/routers/:id/test',                        '200 200 200 200 403 404 404 401 401', { path: `${SPARE}/test` }),
  row('POST /api/v1/routers/:id/host-key',                    '409 409 409 403 403 404 404 401 401', { path: `${ROUTER}/host-key`, body: { fingerprint: `SHA256:${TOKEN}` } }),

  row('GET /api/v1/routers/:id/devices',                      '200 200 200 200 200 404 404 401 401', { path: `${ROUTER}/devices` }),
  row('PATCH /api/v1/routers/:id/devices/:mac',               '404 404 404 404 403 404 404 401 401', { path: `${ROUTER}/devices/${MAC}`, body: { name: 'Phone' } }),
  row('DELETE /api/v1/routers/:id/devices/:mac',              '404 404 404 404 403 404 404 401 401', { path: `${ROUTER}/devices/${MAC}` }),
  row('GET /api/v1/routers/:id/usage',                        '200 200 200 200 200 404 404 401 401', { path: `${ROUTER}/usage?period=day` }),
  row('GET /api/v1/routers/:id/usage/export',                 '200 200 200 200 200 404 404 401 401', { path: `${ROUTER}/usage/export?period=day&format=csv` }),
  row('GET /api/v1/routers/:id/speed-tests',                  '200 200 200 200 200 404 404 401 401', { path: `${ROUTER}/speed-tests` }),
  row('GET /api/v1/routers/:id/operations',                   '200 200 200 200 200 404 404 401 401', { path: `${ROUTER}/operations` }),
  row('GET /api/v1/routers/:id/operations/:runId',            '404 404 404 404 404 404 404 401 401', { path: `${ROUTER}/operations/${NOBODYS}` }),
  row('DELETE /api/v1/routers/:id/operations/:runId',         '404 404 404 404 404 404 404 401 401', { path: `${ROUTER}/operations/${NOBODYS}` }),
  row('GET /api/v1/routers/:id/policies',                     '200 200 200 200 200 404 404 401 401', { path: `${ROUTER}/policies` }),
  row('POST /api/v1/routers/:id/policies/:kind/take',         '409 409 409 409 403 404 404 401 401', { path: `${ROUTER}/policies/access/take` }),
  row('POST /api/v1/routers/:id/import',                      '200 200 200 403 403 404 404 401 401', { path: `${ROUTER}/import`, body: { dryRun: true, files: {} } }),

  row('GET /api/v1/events',                                   'open open open open open open open 401 401', { webSocket: true }),
  row('GET /api/v1/sessions',                                 '200 200 200 200 200 200 200 401 401'),
  row('POST /api/v1/sessions',                                '502 502 502 502 403 404 404 401 401', { body: { routerId: '{spareRouter}' } }),
  row('GET /api/v1/oversight/sessions',                       '200 200 200 200 200 200 200 401 401'),
  row('GET /api/v1/oversight/sessions',                       '403 200 200 403 403 404 200 401 401', { path: '/api/v1/oversight/sessions?organisationId={organisation}' }),
  row('GET /api/v1/oversight/sessions/:id/terminals',         '403 200 200 404 404 404 200 401 401', { path: `${OVERSEEN}/terminals` }),
  row('GET /api/v1/oversight/sessions/:id/terminals/:terminalId/watch', '4404 open open 4404 4404 4404 open 401 401', { path: `${OVERSEEN}/terminals/{terminal}/watch`, webSocket: true }),
  row('GET /api/v1/oversight/sessions/:id/terminals/:terminalId/join', '4404 open open 4404 4404 4404 open 401 401', { path: `${OVERSEEN}/terminals/{terminal}/join`, webSocket: true }),
  row('POST /api/v1/oversight/sessions/:id/message',          '403 200 200 404 404 404 200 401 401', { path: `${OVERSEEN}/message`, body: { text: 'Hello.' } }),
  row('POST /api/v1/oversight/sessions/:id/pause',            '403 200 200 404 404 404 200 401 401', { path: `${OVERSEEN}/pause` }),
  row('POST /api/v1/oversight/sessions/:id/resume',           '403 200 200 404 404 404 200 401 401', { path: `${OVERSEEN}/resume` }),
  row('POST /api/v1/sessions/:id/unlock',                     '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/unlock` }),
  row('GET /api/v1/sessions/:id',                             '200 200 200 404 404 404 200 401 401', { path: SESSION }),
  row('POST /api/v1/sessions/:id/exec',                       '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/exec`, body: { command: 'true' } }),
  row('POST /api/v1/sessions/:id/operations/:name',           '400 403 403 404 404 404 403 401 401', { path: `${SESSION}/operations/access.block`, body: { mac: 'router' } }),
  row('GET /api/v1/sessions/:id/terminals',                   '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/terminals` }),
  row('POST /api/v1/sessions/:id/terminals',                  '201 403 403 404 404 404 403 401 401', { path: `${SESSION}/terminals`, body: { cols: 80, rows: 24 } }),
  row('GET /api/v1/sessions/:id/terminals/:terminalId/attach', 'open 4404 4404 4404 4404 4404 4404 401 401', { path: `${SESSION}/terminals/{terminal}/attach`, webSocket: true }),
  row('DELETE /api/v1/sessions/:id/terminals/:terminalId',    '204 403 403 404 404 404 403 401 401', { path: `${SESSION}/terminals/{spareTerminal}` }),

  row('GET /api/v1/sessions/:id/files/road',                     '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/road` }),
  row('GET /api/v1/sessions/:id/files/stat',                     '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/stat?path=/tmp` }),
  row('GET /api/v1/sessions/:id/files/list',                     '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/list?path=/etc/ssh` }),
  row('GET /api/v1/sessions/:id/files/search',                   '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/search?path=/etc/ssh&text=nothing` }),
  row('GET /api/v1/sessions/:id/files/count',                    '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/count?path=/etc/ssh` }),
  row('GET /api/v1/sessions/:id/files/sha256',                   '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/sha256?path=/etc/hostname` }),
  row('GET /api/v1/sessions/:id/files/space',                    '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/space?path=/tmp` }),
  row('GET /api/v1/sessions/:id/files/content',                  '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/content?path=/etc/hostname` }),
  row('PUT /api/v1/sessions/:id/files/content',                  '415 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/content?path=/tmp/np-matrix` }),
  row('GET /api/v1/sessions/:id/files/archive',                  '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/archive?path=/etc/ssh` }),
  row('PUT /api/v1/sessions/:id/files/archive',                  '415 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/archive?path=/tmp` }),
  row('GET /api/v1/sessions/:id/files/follow',                   '409 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/follow?path=/tmp` }),
  row('POST /api/v1/sessions/:id/files/changes',                 '409 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/changes`, body: { type: 'create_folder', path: '/tmp' } }),
  row('POST /api/v1/sessions/:id/files/uploads',                 '201 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/uploads`, body: { path: '/tmp/np-matrix', size: 0, expect: { type: 'anything' } } }),
  row('PATCH /api/v1/sessions/:id/files/uploads/:uploadId',      '415 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/uploads/${'0'.repeat(32)}?path=/tmp/np-matrix&offset=0` }),
  row('POST /api/v1/sessions/:id/files/uploads/:uploadId/finish', '404 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/uploads/${'0'.repeat(32)}/finish`, body: { path: '/tmp/np-matrix', size: 0, expect: { type: 'anything' }, sha256: '0'.repeat(64), mode: null } }),
  row('DELETE /api/v1/sessions/:id/files/uploads/:uploadId',     '204 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/uploads/${'0'.repeat(32)}?path=/tmp/np-matrix` }),
  row('GET /api/v1/sessions/:id/files/versions',                 '200 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/versions?path=/etc/hostname` }),
  row('GET /api/v1/sessions/:id/files/versions/:versionId',      '404 403 403 404 404 404 403 401 401', { path: `${SESSION}/files/versions/{spareRouter}` }),

  row('GET /api/v1/recordings',                               '200 200 200 200 200 200 200 401 401'),
  row('GET /api/v1/recordings/key',                           '200 200 200 200 200 200 200 401 401'),
  row('GET /api/v1/recordings/:id',                           '200 200 200 404 404 404 200 401 401', { path: RECORDING }),
  row('GET /api/v1/recordings/:id/verification',              '200 200 200 404 404 404 200 401 401', { path: `${RECORDING}/verification` }),
  row('GET /api/v1/recordings/:id/matches',                   '200 200 200 404 404 404 200 401 401', { path: `${RECORDING}/matches?text=x` }),
  row('GET /api/v1/recordings/:id/markers',                   '200 200 200 404 404 404 200 401 401', { path: `${RECORDING}/markers` }),
  row('GET /api/v1/recordings/:id/playback',                  '200 200 200 404 404 404 200 401 401', { path: `${RECORDING}/playback` }),
  row('GET /api/v1/recordings/:id/download',                  '403 200 200 404 404 404 403 401 401', { path: `${RECORDING}/download` }),
  row('DELETE /api/v1/recordings/:id',                        '403 409 409 404 404 404 403 401 401', { path: RECORDING }),

  row('DELETE /api/v1/sessions/:id',                          '200 200 200 404 404 404 200 401 401', { path: SESSION }),
  row('DELETE /api/v1/routers/:id',                           '204 204 204 403 403 404 404 401 401', { path: SPARE }),
  row('DELETE /api/v1/organisations/:id',                     '403 204 403 403 403 404 404 401 401', { path: ORGANISATION }),
  row('DELETE /api/v1/auth/sessions/:id',                     '204 404 404 404 404 404 404 401 401', { path: '/api/v1/auth/sessions/{loginSession}' }),
  row('DELETE /api/v1/auth/sessions',                         '204 204 204 204 204 204 204 401 401'),
  row('POST /api/v1/auth/sign-out',                           '204 204 204 204 204 204 204 401 401'),
];
