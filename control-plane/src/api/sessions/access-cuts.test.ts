import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { ChangeListenerOptions } from '@netpilot/db/changes.ts';
import { PersonSockets } from '../events/person-sockets.ts';
import { AccessCuts, type AccessCutsOptions } from './access-cuts.ts';
import { Overseen } from './overseen.ts';

const organisationId = randomUUID();
const [userId, loginSessionId, routerId, id] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const identity = { id, organisationId, routerId, userId, loginSessionId };

let rights: { users: object[]; memberships: object[]; logins: object[]; routers: object[] };
let lock: { message: string } | null;
let ended: [string, string | null][];
let cuts: AccessCuts;
let overseen: Overseen;
let hooks: Omit<ChangeListenerOptions, 'url'>;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  rights = {
    users: [{ id: userId, platformAdministrator: false }],
    memberships: [{ organisationId, userId, role: 'operator' }],
    logins: [{ id: loginSessionId }],
    routers: [{ id: routerId }],
  };
  lock = null;
  ended = [];
  overseen = new Overseen(null, () => undefined);
  const findAll = (rows: () => object[]) => ({ findAll: async () => rows() });
  const options = {
    database: {
      models: {
        User: findAll(() => rights.users),
        Membership: findAll(() => rights.memberships),
        LoginSession: findAll(() => rights.logins),
        Router: findAll(() => rights.routers),
      },
      transaction: (_scope: unknown, work: (transaction: object) => unknown) => work({}),
    },
    // It never tells of anything: a listener whose connection is dead without anybody knowing.
    listen: (given: typeof hooks) => {
      hooks = given;
      return { listening: Promise.resolve(), close: async () => undefined };
    },
    sessions: {
      active: [{ identity, overseen }],
      endWhere: (which: (one: typeof identity) => boolean, reason: string, detail: string | null = null) => {
        if (which(identity)) ended.push([reason, detail]);
      },
    },
    locks: { refresh: async () => undefined, holding: () => lock },
    terminalSockets: new PersonSockets(1),
    eventSockets: new PersonSockets(1),
    passages: { actors: () => [], closeWhere: () => undefined },
    log: { warn: () => undefined },
  };
  cuts = new AccessCuts(options as unknown as AccessCutsOptions);
});
afterEach(async () => {
  await cuts.close();
  jest.useRealTimers();
});

const look = () => jest.advanceTimersByTimeAsync(20_000);

test('while every right stands, looking again ends nothing', async () => {
  await look();
  expect(ended).toEqual([]);
});

test.each<[string, () => void, string]>([
  ['a membership', () => (rights.memberships = []), 'access_lost'],
  ['a role', () => (rights.memberships = [{ organisationId, userId, role: 'viewer' }]), 'access_lost'],
  ['a person', () => (rights.users = []), 'access_lost'],
  ['a sign-in', () => (rights.logins = []), 'access_lost'],
  ['a router', () => (rights.routers = []), 'access_lost'],
  ['a session, by a lock', () => (lock = { message: 'Closed.' }), 'lock'],
])('%s that is lost without a word is found within 20 s', async (_what, lose, reason) => {
  lose();
  await jest.advanceTimersByTimeAsync(19_000);
  expect(ended).toEqual([]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(ended.map(([why]) => why)).toEqual([reason]);
});

test('one who looks on without the right any more is dismissed', async () => {
  const dismiss = jest.fn();
  const watcher = { userId: randomUUID(), name: 'Watcher', memberships: [] };
  overseen.arrive({ actor: watcher, role: 'admin', joined: false, silent: false, dismiss });
  rights.memberships.push({ organisationId, userId: watcher.userId, role: 'admin' });
  rights.users.push({ id: watcher.userId, platformAdministrator: false });
  await look();
  expect(dismiss).not.toHaveBeenCalled();
  rights.memberships.pop();
  await look();
  expect(dismiss).toHaveBeenCalled();
  expect(ended).toEqual([]);
});

test('a change that is told of while it looks is looked at afterwards', async () => {
  const first = cuts.recheck();
  lock = { message: 'Closed.' };
  hooks.onChange({ table: 'locks', operation: 'insert', id: randomUUID() });
  await first;
  await cuts.recheck();
  expect(ended.at(-1)).toEqual(['lock', 'Closed.']);
});
