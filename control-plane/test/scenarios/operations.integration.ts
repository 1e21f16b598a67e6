import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SERVER } from '@netpilot/compose/demo-router/surroundings.ts';
import { HOUSEHOLD } from '@netpilot/compose/demo-router/household.ts';
import { z } from 'zod';
import { AuditEvent } from '../../contract/audit.ts';
import { Device, DeviceList } from '../../contract/devices.ts';
import { ImportReport } from '../../contract/legacy-import.ts';
import { OperationAnswer, OperationRun } from '../../contract/operation-runs.ts';
import {
  OPERATIONS,
  type OperationInput,
  type OperationName,
  type OperationOutput,
} from '../../contract/operations/catalogue.ts';
import { pageOf } from '../../contract/page.ts';
import { RouterPolicies } from '../../contract/router-policies.ts';
import { ExecResult } from '../../contract/sessions.ts';
import { UsageHistory } from '../../contract/usage-history.ts';
import { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';
import { TestHousehold } from '../harness/household.ts';
import type { TestPerson } from '../harness/person.ts';

const DESKTOP = HOUSEHOLD[0]?.mac ?? '';

describe('a home user manages a router', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let frank: TestPerson;
  let home: TestHousehold;
  let organisationId: string;
  let sessionId: string;

  beforeAll(async () => {
    bastion = await TestBastion.start();
    [alice, frank] = [await bastion.signIn('alice'), await bastion.signIn('frank')];
    organisationId = (await alice.newOrganisation('Home')).id;
    await alice.tell('POST', `/organisations/${organisationId}/members`, { email: 'frank@one.test', role: 'viewer' });
    home = await TestHousehold.enrol(bastion, alice, organisationId, 'Home router');
    sessionId = (await alice.liveSession(home.id)).id;
  });
  afterAll(async () => {
    await home?.stop();
    await bastion?.close();
  });

  const post = (name: OperationName, input: unknown) =>
    alice.ask(OperationAnswer, 'POST', `/sessions/${sessionId}/operations/${name}`, input);
  const operate = async <N extends OperationName>(name: N, input: OperationInput<N>) =>
    OPERATIONS[name].output.parse((await post(name, input)).output) as OperationOutput<N>;
  const policies = (who: TestPerson) => who.ask(RouterPolicies, 'GET', `/routers/${home.id}/policies`);
  /** Bytes of a hundred that the desktop gets from the server. */
  const fetches = async () =>
    (
      await home.around.run(
        'desktop',
        `/usr/libexec/demo/bin/timeout 5 nc ${SERVER.v4} 7001 < /dev/null 2>/dev/null | head -c 100 | wc -c`,
      )
    ).output.trim();

  test('who is on the network is found, named, and seen by a viewer without a session', async () => {
    await eventually('the household to be on line', async () => {
      const { devices } = await operate('devices.scan', {});
      return devices.filter(({ online, router }) => online && !router).length >= HOUSEHOLD.length - 1;
    });
    const change = { name: 'Desk', kind: 'computer' };
    await alice.ask(Device, 'PATCH', `/routers/${home.id}/devices/${DESKTOP}`, change);
    await operate('devices.scan', {});
    const { items } = await frank.ask(DeviceList, 'GET', `/routers/${home.id}/devices`);
    expect(items.map(({ mac }) => mac).sort()).toEqual(HOUSEHOLD.map(({ mac }) => mac).sort());
    expect(items.find(({ mac }) => mac === DESKTOP)).toMatchObject({
      ...change,
      hostname: 'desktop',
      online: true,
      vendor: /Intel/u,
    });
    expect(items.find(({ hostname }) => hostname === 'printer')).toMatchObject({ online: false });
    expect(await frank.refusal('PATCH', `/routers/${home.id}/devices/${DESKTOP}`, { name: 'No' })).toEqual([
      403,
      'forbidden',
    ]);
    expect(await frank.refusal('POST', '/sessions', { routerId: home.id })).toEqual([403, 'forbidden']);
  });

  test('a block takes effect, is kept after the router confirmed it, and is in history and audit with its device', async () => {
    expect(await fetches()).toBe('100');
    const { run } = await post('access.block', { mac: DESKTOP });
    expect(run).toMatchObject({ state: 'done', subject: DESKTOP });
    expect(await fetches()).toBe('0');
    expect((await policies(frank)).access.desired?.blocks).toEqual([{ mac: DESKTOP, windows: [] }]);
    const { items } = await frank.ask(pageOf(OperationRun), 'GET', `/routers/${home.id}/operations`);
    expect(items[0]).toMatchObject({ operation: 'access.block', subject: DESKTOP, state: 'done' });
    const audit = await alice.ask(pageOf(AuditEvent), 'GET', `/organisations/${organisationId}/audit`);
    expect(audit.items.find(({ action }) => action === 'router_operated')?.details).toMatchObject({
      operation: 'access.block',
      subject: DESKTOP,
    });
  });

  test('what somebody changes on the router itself is drift, and ours can be applied again', async () => {
    await home.router.exec('nft delete table inet netpilot');
    await operate('access.read', {});
    const { drift, access } = await policies(frank);
    expect(drift.length).toBeGreaterThan(0);
    expect(await fetches()).toBe('100');
    if (access.desired === null) throw new Error('nothing is wanted');
    await operate('access.apply', { plan: access.desired, revision: access.observed?.revision ?? null });
    expect(await fetches()).toBe('0');
    expect((await policies(frank)).drift).toEqual([]);
    await operate('access.unblock', { mac: DESKTOP });
    expect(await fetches()).toBe('100');
  });

  test('several changes at once run in order, and none is lost', async () => {
    const macs = HOUSEHOLD.slice(0, 4).map(({ mac }) => mac);
    const answers = await Promise.all(macs.map((mac) => post('access.list', { mode: 'blacklist', add: [mac] })));
    expect(answers.map(({ run }) => run?.state)).toEqual(macs.map(() => 'done'));
    expect((await operate('access.read', {})).plan.blacklist.devices.sort()).toEqual(macs.sort());
    await operate('access.list', { mode: 'blacklist', remove: macs });
  });

  test('a Wi-Fi is changed, and its key is nowhere but on the router', async () => {
    const key = 'a new and secret key';
    const before = await operate('wifi.read', {});
    const network = before.networks[0];
    if (network === undefined) throw new Error('the router has no Wi-Fi');
    const { networks } = await operate('wifi.change', {
      networks: [{ section: network.section, ssid: 'Renamed', key }],
    });
    expect(networks.find(({ section }) => section === network.section)).toMatchObject({ ssid: 'Renamed', up: true });
    expect((await home.router.exec(`uci get wireless.${network.section}.key`)).output.trim()).toBe(key);
    const told = await Promise.all(
      [`/routers/${home.id}/policies`, `/routers/${home.id}/operations`, `/organisations/${organisationId}/audit`].map(
        async (path) => (await alice.fetch('GET', path)).text(),
      ),
    );
    expect(told.join()).toContain(network.section);
    expect(told.join()).not.toContain(key);
    expect(bastion.api.output() + bastion.gateway.output()).not.toContain(key);
  });

  test('usage is counted from differences, and exported', async () => {
    await operate('usage.start', {});
    await operate('usage.read', {});
    const desktop = async () =>
      (await operate('usage.read', {})).counters.find(({ mac }) => mac === DESKTOP)?.downBytes ?? 0;
    const before = await desktop();
    await fetches();
    await eventually('the counter of the desktop to grow', async () => (await desktop()) > before);
    await frank.ask(UsageHistory, 'GET', `/routers/${home.id}/usage?period=day&timeZone=Europe/Berlin`);
    const csv = await frank.fetch('GET', `/routers/${home.id}/usage/export?period=day&format=csv`);
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect((await csv.text()).split('\r\n')[0]).toBe('mac,name,from,to,download_bytes,upload_bytes');
  });

  test('a speed test is a job, one at a time, and its result is kept', async () => {
    const url = `http://${SERVER.v4}:7001/`;
    const { run } = await post('speedtest.run', { tool: 'wget', url, seconds: 3 });
    expect(run?.endedAt).toBeNull();
    expect(await alice.refusal('POST', `/sessions/${sessionId}/operations/speedtest.run`, {})).toEqual([
      409,
      'router_busy',
    ]);
    const ended = await eventually('the test to end', async () => {
      const answer = await alice.ask(OperationAnswer, 'GET', `/routers/${home.id}/operations/${run?.id}`);
      return answer.run?.endedAt === null ? null : answer;
    });
    expect(['done', 'failed']).toContain(ended.run?.state);
    const tests = await frank.ask(z.object({ items: z.array(z.unknown()) }), 'GET', `/routers/${home.id}/speed-tests`);
    expect(tests.items).toHaveLength(ended.run?.state === 'done' ? 1 : 0);
  });

  test('a speed test that is given up ends on the router too, and the next one may begin', async () => {
    const measuring = async () => (await home.router.exec("ps | grep '[w]get -qO- http'")).output.trim();
    const input = { tool: 'wget', url: `http://${SERVER.v4}/`, seconds: 60 };
    const { run } = await post('speedtest.run', input);
    await eventually('the measurement to begin', async () => (await measuring()) !== '');
    await alice.ask(OperationAnswer, 'DELETE', `/routers/${home.id}/operations/${run?.id}`);
    // By itself it would go on for a minute.
    await eventually('nothing to be left of it', async () => (await measuring()) === '', 30_000);
    await eventually('the run to be over', async () => {
      const answer = await alice.ask(OperationAnswer, 'GET', `/routers/${home.id}/operations/${run?.id}`);
      return answer.run?.state === 'cancelled' && answer.output === null;
    });
    const { run: next } = await eventually('another one to be let in', () => post('speedtest.run', input));
    await eventually('that measurement to begin', async () => (await measuring()) !== '');
    await alice.ask(OperationAnswer, 'DELETE', `/routers/${home.id}/operations/${next?.id}`);
    await eventually('nothing to be left of that either', async () => (await measuring()) === '', 30_000);
  });

  test('a command gives its output, exit code and time', async () => {
    const result = await alice.ask(ExecResult, 'POST', `/sessions/${sessionId}/exec`, {
      command: 'echo out; echo err >&2; exit 3',
    });
    expect(result).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 3, timedOut: false });
    expect(result.milliseconds).toBeGreaterThan(0);
  });

  test('the earlier data come in, wait as drift, and are applied', async () => {
    const files = {
      'devices.json': { devices: { 1: { ip: '192.168.1.101', mac: DESKTOP, hostname: 'desktop' } } },
      'netpilot.json': { whitelist: {}, blacklist: { 1: { ip: '192.168.1.101', mac: DESKTOP } } },
      'blacklist.json': { Limit_Rate: '5mbit', Full_Rate: '1000mbit' },
      'mode.json': { mode: 'blacklist' },
    };
    const bring = (dryRun: boolean) => alice.ask(ImportReport, 'POST', `/routers/${home.id}/import`, { dryRun, files });
    expect((await bring(true)).policiesChanged).toBe(true);
    expect((await policies(alice)).drift).toEqual([]);
    await bring(false);
    const { access, drift } = await policies(alice);
    expect(drift.map(({ what }) => what)).toContain('Active mode');
    if (access.desired === null) throw new Error('nothing is wanted');
    const { effect } = await operate('access.apply', {
      plan: access.desired,
      revision: access.observed?.revision ?? null,
    });
    expect(effect.classes.some(({ downMbps }) => downMbps === 5)).toBe(true);
    expect((await bring(false)).rows.filter(({ outcome }) => outcome === 'new' || outcome === 'changed')).toEqual([]);
  });

  test('a restart is confirmed, the session finds its way back by itself, and what was set is in force again', async () => {
    await operate('access.block', { mac: DESKTOP });
    const booted = () => home.router.exec('cat /var/run/boot; pgrep -x dropbear').then(({ output }) => output.trim());
    const before = await booted();
    const { run, output } = await post('router.reboot', {});
    expect(run).toMatchObject({ operation: 'router.reboot', state: 'done', problem: null });
    expect(output).toMatchObject({ outcome: 'confirmed' });
    await eventually('the router to have been restarted', async () => {
      const now = (await booted()).split('\n');
      return now.length > 1 && now[0] !== before.split('\n')[0];
    });
    const { plan, effect } = await eventually('the session to reach it again', () => operate('access.read', {}));
    expect(plan.blocks).toEqual([{ mac: DESKTOP, windows: [] }]);
    expect(effect).toMatchObject({ loaded: true, blockedNow: [DESKTOP] });
    const session = await alice.sessionIn(sessionId, 'live');
    expect(session.endReason).toBeNull();
    expect(await fetches()).toBe('0');
    await operate('access.unblock', { mac: DESKTOP });
    await eventually('the desktop to be on line again', async () => (await fetches()) === '100');
  });

  test('a reset shows what it removes, removes only that, and leaves nothing wanted', async () => {
    const { items } = await operate('reset.preview', {});
    expect(items.length).toBeGreaterThan(0);
    const firewall = (await home.router.exec('uci show firewall.@rule[0].name')).output;
    await operate('reset.run', {});
    expect((await operate('reset.preview', {})).items).toEqual([]);
    expect((await home.router.exec('uci show firewall.@rule[0].name')).output).toBe(firewall);
    expect((await policies(alice)).access.desired).toBeNull();
    expect(await fetches()).toBe('100');
  });
});
