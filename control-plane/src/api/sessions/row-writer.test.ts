import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@netpilot/db/database.ts';
import { expect, jest, test } from '@jest/globals';
import type { AuditEntry } from '../audit/audit-log.ts';
import { Overseen } from './overseen.ts';
import type { SessionView } from './presenter.ts';
import { RowWriter } from './row-writer.ts';
import { ScreenLock } from './screen-lock.ts';
import { REQUESTED } from './state-machine.ts';

jest.setTimeout(90_000);

const log = { warn() {}, error() {} };

function session(): SessionView & { machine: typeof REQUESTED } {
  const identity = {
    id: randomUUID(),
    organisationId: randomUUID(),
    routerId: null,
    routerName: 'router',
    userId: randomUUID(),
    userName: 'person',
    loginSessionId: null,
    createdAt: 0,
  };
  return {
    identity,
    machine: REQUESTED,
    lastActivityAt: null,
    warning: null,
    screenLock: new ScreenLock(null),
    overseen: new Overseen(null, () => undefined),
    bytes: 0,
  };
}

/** A database that fails as often as the test says, and keeps what was committed. */
function fake(failures: unknown[]) {
  const rows: string[] = [];
  const entries: string[] = [];
  const staged: AuditEntry[] = [];
  const database = {
    models: {
      BastionSession: {
        update: async ({ state }: { state: string }) => {
          const failure = failures.shift();
          if (failure !== undefined) throw failure;
          rows.push(state);
        },
      },
    },
    transaction: async (_scope: unknown, work: (transaction: object) => Promise<unknown>) => {
      staged.length = 0;
      const result = await work({});
      entries.push(...staged.map(({ action }) => action));
      return result;
    },
  } as unknown as Database;
  const audit = { record: async (entry: AuditEntry) => void staged.push(entry) };
  return { writer: new RowWriter(database, audit, log), rows, entries };
}

const entry = (action: AuditEntry['action']): AuditEntry => ({ action, organisationId: null, actor: null });
const gone = () => Object.assign(new Error('Connection terminated'), { code: '57P01' });

test('writes the newest state once the database is back, and each event once', async () => {
  const { writer, rows, entries } = fake([gone(), gone()]);
  const one = session();
  writer.save(one, entry('session_live'));
  one.machine = { ...REQUESTED, state: 'live' };
  writer.save(one);
  one.machine = { ...REQUESTED, state: 'ended' };
  writer.save(one, entry('session_ended'));
  expect(writer.isWritten(one.identity.id)).toBe(false);
  await writer.settled(one.identity.id, 60_000);
  expect(writer.isWritten(one.identity.id)).toBe(true);
  expect(rows).toEqual(['ended']);
  expect(entries).toEqual(['session_live', 'session_ended']);
  await writer.close();
});

test('a row that the database refuses for good is given up', async () => {
  const { writer, rows } = fake(Array.from({ length: 100 }, () => new Error('constraint')));
  const one = session();
  writer.save(one);
  const end = Date.now() + 60_000;
  while (!writer.isWritten(one.identity.id) && Date.now() < end) await sleep(20);
  expect(writer.isWritten(one.identity.id)).toBe(true);
  expect(rows).toEqual([]);
  await writer.close();
});
