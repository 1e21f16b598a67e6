import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Database, openDatabase } from '@netpilot/db/database.ts';
import type { EmbeddedPostgres } from '@netpilot/db/embedded.ts';
import { asRole, seedTenant, type Tenant } from '@netpilot/db/test/tenant.ts';
import { startTestPostgres } from '@netpilot/db/test/test-postgres.ts';
import type { OperationRun } from '../../../contract/operation-runs.ts';
import { type AccessPlan, type AccessState, EMPTY_PLAN } from '../../../contract/operations/access.ts';
import type { OperationName } from '../../../contract/operations/catalogue.ts';
import type { ScannedDevice } from '../../../contract/operations/devices.ts';
import type { OperationProblem } from '../../../contract/operations/operation.ts';
import type { UsageSnapshot } from '../../../contract/operations/usage.ts';
import type { Actor } from '../access/actor.ts';
import { createAuditLog } from '../audit/audit-log.ts';
import { ProblemError } from '../errors.ts';
import { OperationError } from '../sandbox-link/operations.ts';
import type { LiveSession } from '../sessions/live-session.ts';
import { createOperationServices, type OperationServices } from './operation-services.ts';

const PHONE = 'aa:bb:cc:dd:ee:01';
const LAPTOP = 'aa:bb:cc:dd:ee:02';
const HOUR = 3_600_000;

const scanned = (mac: string, rest: Partial<ScannedDevice> = {}): ScannedDevice => ({
  mac,
  addresses: ['192.168.1.20'],
  hostname: 'phone',
  attachment: { type: 'wired', port: 'lan1' },
  online: true,
  router: false,
  randomised: false,
  leaseExpires: null,
  ...rest,
});
const state = (plan: AccessPlan, loaded = true): AccessState => ({
  plan,
  revision: '0123456789abcdef',
  effect: { loaded, differences: [], engine: 'none', classes: [], blockedNow: [], flowOffloading: 'off' },
});
const blocking = (...macs: string[]): AccessPlan => ({
  ...EMPTY_PLAN,
  blocks: macs.map((mac) => ({ mac, windows: [] })),
});

/** What a router answers, one answer after the other; a test injects its faults here. The real router is in the scenarios. */
class Answers {
  readonly asked: [OperationName, unknown][] = [];
  next: (() => Promise<unknown>)[] = [];

  readonly operate = async (name: OperationName, input: unknown) => {
    this.asked.push([name, input]);
    const answer = this.next.shift();
    if (answer === undefined) throw new Error(`nobody said what ${name} answers`);
    return { output: await answer(), roundTrips: 1, milliseconds: 1 };
  };

  give(output: unknown): this {
    this.next.push(async () => output);
    return this;
  }

  fail(problem: OperationProblem): this {
    this.next.push(async () => {
      throw new OperationError(problem);
    });
    return this;
  }
}

describe('what is kept of a router', () => {
  let server: EmbeddedPostgres;
  let ownerUrl: string;
  let database: Database;
  let network: OperationServices;
  let tenant: Tenant;
  let actor: Actor;
  let answers: Answers;
  let told: string[];
  let sessionId: string;
  /** Whether an administrator holds the session. */
  let paused: boolean;

  beforeAll(async () => {
    server = await startTestPostgres();
    const fresh = await server.freshDatabase();
    ownerUrl = fresh.ownerUrl;
    database = await openDatabase({ url: fresh.apiUrl });
  });
  afterAll(async () => {
    await database?.close();
    await server?.destroy();
  });

  beforeEach(async () => {
    tenant = await seedTenant(ownerUrl, 'One');
    const { organisationId, routerId, userId } = tenant;
    await asRole(ownerUrl, { organisations: 'all' }, async (client) => {
      for (const table of [
        'devices',
        'router_policies',
        'usage_counters',
        'usage_samples',
        'speed_tests',
        'operation_runs',
      ]) {
        await client.query(`delete from ${table} where router_id = $1`, [routerId]);
      }
      const { rows } = await client.query('select id from bastion_sessions where router_id = $1', [routerId]);
      sessionId = rows[0].id;
    });
    actor = {
      userId,
      name: 'Alice',
      email: null,
      loginSessionId: randomUUID(),
      platformAdministrator: false,
      memberships: [{ organisationId, role: 'owner' }],
    };
    answers = new Answers();
    told = [];
    paused = false;
    const identity = { id: sessionId, organisationId, routerId, routerName: 'One', userId };
    const { signal: over } = new AbortController();
    const session = { identity, over, link: { operate: answers.operate }, touch: () => told.push('touched') };
    network = createOperationServices({
      database,
      audit: createAuditLog(database, { grew: () => undefined }),
      sessions: {
        find: () => {
          if (paused) throw new ProblemError('session_paused');
          return session as unknown as LiveSession;
        },
      },
      sessionReader: { missing: () => Promise.reject(new ProblemError('not_found')) },
      events: {
        publish: (event) =>
          told.push(event.type === 'operation_run' ? event.run.state : 'what' in event ? event.what : event.type),
      },
      log: { warn: (...said: unknown[]) => told.push(String(said[1])) },
    });
  });

  const run = (name: OperationName, input: unknown = {}, watching = false) =>
    network.operations.run(actor, sessionId, { name, input, watching, signal: new AbortController().signal });
  const policies = () => network.policies.read(actor, tenant.routerId);
  const audited = async () => {
    const { rows } = await asRole(ownerUrl, { organisations: tenant.organisationId }, (client) =>
      client.query(`select action, details from audit_events where subject_id = $1 order by seq`, [tenant.routerId]),
    );
    return rows as { action: string; details: Record<string, unknown> }[];
  };
  const history = async (): Promise<OperationRun[]> =>
    (await network.runs.list(actor, tenant.routerId, { limit: 10 })).items;

  const until = async (what: () => Promise<boolean> | boolean) => {
    while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const eventuallyAsked = (count: number) => until(() => answers.asked.length >= count);
  const eventuallyListed = (count: number) => until(async () => (await history()).length >= count);

  test('scans come in once each, and what people gave a device survives them', async () => {
    const router = scanned('00:00:00:00:00:99', { router: true });
    answers.give({ devices: [router, scanned(PHONE), scanned(LAPTOP, { online: false })], truncated: false, at: '' });
    await run('devices.scan');
    const change = { name: 'Mia’s phone', kind: 'phone', icon: 'tablet' } as const;
    await network.devices.change(actor, tenant.routerId, PHONE, change);
    answers.give({
      devices: [scanned(PHONE, { addresses: ['192.168.1.77', 'fd00::7'], hostname: 'evil\u202e\nname' })],
      truncated: false,
      at: '',
    });
    await run('devices.scan');
    const { items } = await network.devices.list(actor, tenant.routerId);
    expect(items).toHaveLength(2);
    expect(items[0]).toMatchObject({
      mac: PHONE,
      ...change,
      hostname: 'evil  name',
      addresses: ['192.168.1.77', 'fd00::7'],
      online: true,
    });
    expect(Date.parse(items[0]?.firstSeenAt ?? '')).toBeLessThan(Date.parse(items[0]?.lastSeenAt ?? ''));
    expect(items[1]).toMatchObject({ mac: LAPTOP, online: false, firstSeenAt: null, lastSeenAt: null });
    expect(await history()).toEqual([]);
    expect(told.filter((what) => what === 'devices')).toHaveLength(2);

    answers.give({ devices: [], truncated: false, at: '' });
    await run('devices.scan', {}, true);
    expect((await network.devices.list(actor, tenant.routerId)).items[0]).toMatchObject({
      name: change.name,
      online: false,
    });
    expect(told.filter((what) => what === 'touched')).toHaveLength(2);
  });

  test('a confirmed change is stored, in the history and in the audit trail, with its device', async () => {
    answers.give({ ...state(blocking(PHONE)), outcome: 'confirmed', warnings: ['It was on line.'] });
    const answer = await run('access.block', { mac: PHONE.toUpperCase() });
    expect(answer.run).toMatchObject({ operation: 'access.block', subject: PHONE, state: 'done', problem: null });
    expect((await policies()).access.desired?.blocks).toEqual([{ mac: PHONE, windows: [] }]);
    expect(await history()).toMatchObject([{ operation: 'access.block', subject: PHONE, state: 'done' }]);
    expect(await audited()).toMatchObject([
      { action: 'router_operated', details: { operation: 'access.block', subject: PHONE } },
    ]);
    expect(told).toEqual(['touched', 'queued', 'running', 'policies', 'done']);
  });

  test('a connection lost in the middle of a change leaves the database as it was, and says what becomes of the router', async () => {
    answers.give(state(EMPTY_PLAN));
    await run('access.read');
    const by = new Date(Date.now() + 30_000).toISOString();
    answers.fail({ code: 'rolled_back', detail: 'The connection broke.', certain: false, by });
    const refusal = await run('access.block', { mac: PHONE }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'operation_rolled_back', operation: { certain: false, by } });
    const { access, drift } = await policies();
    expect([access.desired, drift]).toEqual([EMPTY_PLAN, []]);
    expect(await history()).toMatchObject([{ state: 'failed', problem: 'operation_rolled_back' }]);
    expect((await audited()).map(({ action }) => action)).toEqual(['router_operated', 'router_operation_failed']);
  });

  test('drift is seen at each read, stays beside a change of something else, and ends on either side', async () => {
    answers.give({ ...state(blocking(PHONE)), outcome: 'confirmed', warnings: [] });
    await run('access.block', { mac: PHONE });
    // Somebody took the block away on the router itself.
    answers.give(state(EMPTY_PLAN));
    await run('access.read');
    const words = { kind: 'access', what: `Block of ${PHONE}`, ours: 'always', routers: 'none' };
    expect((await policies()).drift).toEqual([words]);
    answers.give({ ...state({ ...EMPTY_PLAN, activeMode: 'whitelist' }), outcome: 'confirmed', warnings: [] });
    await run('access.mode', { mode: 'whitelist' });
    const after = await policies();
    expect(after.drift).toEqual([words]);
    expect(after.access.desired).toMatchObject({ activeMode: 'whitelist', blocks: [{ mac: PHONE }] });

    expect((await network.policies.take(actor, tenant.routerId, 'access')).drift).toEqual([]);
    expect((await policies()).access.desired?.blocks).toEqual([]);

    answers.give({ ...state(blocking(PHONE)), outcome: 'confirmed', warnings: [] });
    await run('access.apply', { plan: blocking(PHONE), revision: null });
    expect((await policies()).drift).toEqual([]);
    // The plan is there, but the kernel lost what it says.
    const lost = state(blocking(PHONE), false);
    answers.give({ ...lost, effect: { ...lost.effect, differences: ['The table is gone.'] } });
    await run('access.read');
    expect((await policies()).drift).toMatchObject([{ what: 'The table is gone.', routers: 'not in force' }]);
  });

  test('a key of the Wi-Fi is nowhere: not in the row, the run, the audit trail or a refusal', async () => {
    const key = 'correct horse battery';
    const network_ = {
      section: 'default_radio0',
      radio: 'radio0',
      interface: null,
      ssid: 'Home',
      mode: 'ap',
      encryption: 'psk2',
      encryptionText: 'psk2',
      hasKey: true,
      enabled: true,
      up: true,
      hidden: false,
      clients: [],
    };
    answers.give({ radios: [], networks: [network_], outcome: 'confirmed', warnings: [], cutOff: [] });
    await run('wifi.change', { networks: [{ section: 'default_radio0', key }] });
    const short = 'secret1';
    const refusal = await run('wifi.change', { networks: [{ section: 'a', key: short }] }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 'invalid_request', errors: [{ path: 'networks.0.key' }] });
    expect(JSON.stringify(refusal)).not.toContain(short);
    const everything = await asRole(ownerUrl, { organisations: 'all' }, async (client) => {
      const tables = ['router_policies', 'operation_runs', 'audit_events'];
      const rows = await Promise.all(tables.map((table) => client.query(`select * from ${table}`)));
      return JSON.stringify(rows.map((result) => result.rows));
    });
    expect(everything).toContain('default_radio0');
    expect(everything).not.toContain(key);
  });

  test('rights come from the operation', async () => {
    const { organisationId } = tenant;
    const owner = actor;
    actor = { ...owner, userId: randomUUID(), memberships: [{ organisationId, role: 'viewer' }] };
    await expect(run('access.block', { mac: PHONE })).rejects.toMatchObject({ code: 'forbidden' });
    actor = { ...actor, memberships: [{ organisationId, role: 'operator' }] };
    await expect(run('wifi.change', {})).rejects.toMatchObject({ code: 'forbidden' });
    await expect(run('config.export', {})).rejects.toMatchObject({ code: 'forbidden' });
    actor = { ...actor, memberships: [] };
    await expect(run('devices.scan')).rejects.toMatchObject({ code: 'not_found' });
    expect(answers.asked).toEqual([]);
    actor = owner;
  });

  test('a job goes on behind its answer, one of a kind at a time, and its result is stored', async () => {
    let finish = (_output: unknown) => {};
    answers.next.push(() => new Promise((resolve) => (finish = resolve)));
    const { run: started } = await run('speedtest.run');
    expect(started?.state).toBe('running');
    await expect(run('speedtest.run')).rejects.toMatchObject({ code: 'router_busy' });
    const result = { tool: 'wget', downMbps: 90.5, upMbps: null, pingMs: 12, jitterMs: null, server: null, notes: [] };
    finish(result);
    const id = started?.id ?? '';
    let answer = await network.runs.get(actor, tenant.routerId, id);
    while (answer.run?.endedAt === null) answer = await network.runs.get(actor, tenant.routerId, id);
    expect(answer).toMatchObject({ run: { state: 'done' }, output: result });
    const { items } = await network.speedTests.list(actor, tenant.routerId, { limit: 10 });
    expect(items).toMatchObject([{ tool: 'wget', downMbps: 90.5, upMbps: null, userName: 'Alice' }]);
    const other = { ...actor, userId: randomUUID() };
    expect(await network.runs.get(other, tenant.routerId, id)).toMatchObject({ output: null });
  });

  test('changes run in order; who waits hears how many are before, and who leaves is not run', async () => {
    const ends: ((output: unknown) => void)[] = [];
    const wait = () => answers.next.push(() => new Promise((resolve) => ends.push(resolve)));
    const confirmed = { ...state(EMPTY_PLAN), outcome: 'confirmed', warnings: [] };
    for (let at = 0; at < 2; at += 1) wait();
    const leaving = new AbortController();
    const first = run('access.block', { mac: PHONE });
    await eventuallyAsked(1);
    const request = { name: 'access.block', input: { mac: LAPTOP }, watching: false } as const;
    const second = network.operations.run(actor, sessionId, { ...request, signal: leaving.signal });
    await eventuallyListed(2);
    const third = run('access.mode', { mode: null });
    await eventuallyListed(3);
    expect((await history()).map(({ state: at, ahead }) => `${at} ${ahead}`)).toEqual([
      'queued 2',
      'queued 1',
      'running 0',
    ]);
    leaving.abort();
    await expect(second).rejects.toMatchObject({ code: 'operation_cancelled' });
    expect((await history()).map(({ state: at, ahead }) => `${at} ${ahead}`)).toEqual([
      'queued 1',
      'cancelled 0',
      'running 0',
    ]);
    ends[0]?.(confirmed);
    await first;
    await eventuallyAsked(2);
    ends[1]?.(confirmed);
    await third;
    expect(answers.asked.map(([name]) => name)).toEqual(['access.block', 'access.mode']);
  });

  test('what waits in line when its session is paused does not run; what has begun does', async () => {
    let end: (output: unknown) => void = () => undefined;
    answers.next.push(() => new Promise((resolve) => (end = resolve)));
    const first = run('access.block', { mac: PHONE });
    await eventuallyAsked(1);
    const second = run('access.block', { mac: LAPTOP });
    await eventuallyListed(2);
    paused = true;
    const refused = expect(second).rejects.toMatchObject({ code: 'session_paused' });
    end({ ...state(EMPTY_PLAN), outcome: 'confirmed', warnings: [] });
    await first;
    await refused;
    expect(answers.asked).toMatchObject([['access.block', { mac: PHONE }]]);
    expect((await history()).map(({ state: at }) => at)).toEqual(['failed', 'done']);
    expect((await audited()).at(-1)).toMatchObject({
      action: 'router_operation_failed',
      details: { problem: 'session_paused' },
    });
  });

  test('what another process left open is closed as interrupted', async () => {
    await asRole(ownerUrl, { organisations: 'all' }, (client) =>
      client.query(
        `insert into operation_runs (organisation_id, router_id, user_id, user_name, operation, state)
         values ($1, $2, $3, 'Alice', 'access.mode', 'running')`,
        [tenant.organisationId, tenant.routerId, tenant.userId],
      ),
    );
    await network.runs.recover();
    expect(await history()).toMatchObject([{ state: 'interrupted' }]);
  });

  describe('usage', () => {
    const snapshot = (down: number, up: number, period = '2026-05-01'): UsageSnapshot => ({
      source: 'nlbwmon',
      period,
      uptimeSeconds: 1,
      at: '2026-05-01T00:00:00Z',
      counters: [{ mac: PHONE, downBytes: down, upBytes: up, connections: null }],
      installable: [],
      offloading: false,
    });
    const router = () => ({ organisationId: tenant.organisationId, routerId: tenant.routerId });
    const store = (at: number, down: number, up: number, period: string) =>
      database.transaction({ organisations: [tenant.organisationId], userId: null }, (transaction) =>
        network.usage.snapshot(router(), { ...snapshot(down, up, period), at }, transaction),
      );
    const usage = (period: 'day' | 'week' | 'month', timeZone = 'UTC') =>
      network.usage.history(actor, tenant.routerId, { period, timeZone });

    test('cumulative counters count once, whatever the window, over the end of a period too', async () => {
      const now = Date.now();
      const begin = (days: number) => new Date(now - days * 24 * HOUR).toISOString().slice(0, 10);
      const [earlier, later] = [begin(20), begin(3)];
      await store(Date.parse(earlier) + HOUR, 1_000, 100, earlier);
      await store(Date.parse(earlier) + 2 * HOUR, 5_000, 500, earlier);
      await store(Date.parse(later) + HOUR, 300, 30, later);
      await store(now - 30 * 60_000, 300, 30, later);
      await store(now, 700, 70, later);
      const month = await usage('month');
      expect(month.devices).toEqual([{ mac: PHONE, name: null, downBytes: 5_700, upBytes: 570 }]);
      expect(month.buckets).toHaveLength(30);
      expect(month.buckets.reduce((sum, { downBytes }) => sum + downBytes, 0)).toBe(5_700);
      const week = await usage('week', 'Europe/Berlin');
      expect(week.devices).toMatchObject([{ downBytes: 700, upBytes: 70 }]);
      expect(week.buckets).toHaveLength(7);
      const day = await usage('day');
      expect(day.devices).toMatchObject([{ downBytes: 400 }]);
      expect(day.buckets).toHaveLength(24);
      expect(day.readAt).toBe(new Date(now).toISOString());
    });

    test('a page that is open all day leaves a sample an hour, and what it read counts once', async () => {
      const begin = Math.floor(Date.now() / HOUR) * HOUR - 5 * HOUR;
      for (let minute = 0; minute <= 180; minute += 5) {
        await store(begin + minute * 60_000, 1_000 + minute, minute, '2026-05-01');
      }
      const { rows } = await asRole(ownerUrl, { organisations: 'all' }, (client) =>
        client.query(
          'select count(*)::int as count, sum(down_bytes)::int as down from usage_samples where router_id = $1 and starts_at >= $2',
          [tenant.routerId, new Date(begin)],
        ),
      );
      expect(rows).toEqual([{ count: 3, down: 180 }]);
      const day = await usage('day');
      expect(day.buckets.slice(-6, -3).map(({ upBytes, estimated }) => [upBytes, estimated])).toEqual([
        [60, false],
        [60, false],
        [60, false],
      ]);
    });

    test('the end of a period is read from the router, so that nothing between two periods is lost', async () => {
      const [may, june] = ['2026-05-01', new Date(Date.now() - 24 * HOUR).toISOString().slice(0, 10)];
      await store(Date.parse(june) - 6 * HOUR, 0, 0, may);
      answers.give(snapshot(40, 0, june)).give(snapshot(600, 0, may));
      await run('usage.read', {}, true);
      expect(answers.asked.map(([, input]) => input)).toEqual([{}, { period: may }]);
      expect((await usage('week')).devices).toMatchObject([{ downBytes: 640 }]);
    });

    test('an unknown time zone is refused', () =>
      expect(usage('day', 'Mars/Olympus')).rejects.toMatchObject({ code: 'invalid_request' }));
  });

  describe('the import of the earlier system', () => {
    const files = {
      'devices.json': {
        devices: {
          1: {
            ip: '192.168.1.20',
            mac: PHONE.toUpperCase(),
            hostname: 'phone',
            first_seen: '2025-01-02 03:04:05',
            last_seen: 1_740_000_000,
          },
          2: { ip: '192.168.1.1', mac: 'router', hostname: 'router' },
          3: { ip: '192.168.1.30', hostname: 'nobody' },
          4: { ip: '192.168.1.21', mac: PHONE, hostname: 'again' },
        },
      },
      'netpilot.json': { whitelist: { 1: { ip: '192.168.1.20', hostname: 'phone' } }, blacklist: {} },
      'whitelist.json': { Wan_Interface: 'eth0', Limit_Rate: '90mbit', Full_Rate: '1000mbit' },
      'mode.json': { mode: 'whitelist' },
      'router.json': { ip: '192.168.1.1', username: 'root', password: 'hunter2' },
    };
    const import_ = (dryRun: boolean) => network.legacyImport.run(actor, tenant.routerId, { dryRun, files });
    const outcomes = (rows: readonly { subject: string; outcome: string }[]) =>
      rows.map(({ subject, outcome }) => `${subject}: ${outcome}`);

    test('a dry run changes nothing, the second time everything is the same, and drift shows what waits', async () => {
      answers.give(state(EMPTY_PLAN));
      await run('access.read');
      const dry = await import_(true);
      expect((await network.devices.list(actor, tenant.routerId)).items).toEqual([]);
      expect((await policies()).drift).toEqual([]);
      const real = await import_(false);
      expect({ ...real, dryRun: true }).toEqual(dry);
      expect(outcomes(real.rows)).toEqual([
        `${PHONE}: new`,
        `${PHONE}: new`,
        'rates of the whitelist: changed',
        'mode: changed',
        'router: skipped',
        '192.168.1.30: skipped',
        `${PHONE}: skipped`,
        'address and password: skipped',
      ]);
      expect(JSON.stringify(real)).not.toContain('hunter2');
      const { items } = await network.devices.list(actor, tenant.routerId);
      expect(items).toMatchObject([
        { mac: PHONE, hostname: 'phone', firstSeenAt: '2025-01-02T03:04:05.000Z', online: false },
      ]);
      const { access, drift } = await policies();
      expect(access.observed?.plan).toEqual(EMPTY_PLAN);
      expect(access.desired).toMatchObject({
        activeMode: 'whitelist',
        whitelist: {
          devices: [PHONE],
          limited: { downMbps: 90, upMbps: 90 },
          full: { downMbps: 1_000, upMbps: 1_000 },
        },
      });
      expect(drift.length).toBe(3);

      const again = await import_(false);
      expect(again.policiesChanged).toBe(false);
      expect(again.rows.filter(({ outcome }) => outcome === 'new' || outcome === 'changed')).toEqual([]);
      expect((await network.devices.list(actor, tenant.routerId)).items).toEqual(items);
    });
  });
});
