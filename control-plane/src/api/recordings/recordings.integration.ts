import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Database, openDatabase } from '@netpilot/db/database.ts';
import type { EmbeddedPostgres } from '@netpilot/db/embedded.ts';
import type { Recording as RecordingRow } from '@netpilot/db/models/recording.ts';
import { startTestPostgres } from '@netpilot/db/test/test-postgres.ts';
import type { Actor } from '../access/actor.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { SessionIdentity } from '../sessions/session-identity.ts';
import { type Recordings, createRecordings } from './recordings.ts';
import type { TerminalRecording } from './terminal-recording.ts';
import { BUCKET_KEYS, startTestBucket } from './test-bucket.ts';
import { testKey } from './test-key.ts';

const DAY_MS = 86_400_000;
const ALL = { organisations: 'all', userId: null } as const;
const key = testKey();

/** Waits for what happens; generous, as the machine may be busy. */
async function until<T>(what: string, ask: () => Promise<T | null | undefined | false>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`waited in vain for: ${what}`);
}

describe('recordings over a database, a directory and a bucket', () => {
  let server: EmbeddedPostgres;
  let database: Database;
  let s3: Awaited<ReturnType<typeof startTestBucket>>;
  let url: string;
  let directory: string;
  let recordings: Recordings;
  let audited: AuditEntry[];
  let session: SessionIdentity;

  beforeAll(async () => {
    server = await startTestPostgres();
    database = await openDatabase({ url: (await server.freshDatabase()).apiUrl });
    s3 = await startTestBucket();
    ({ url } = s3);
  });
  afterAll(async () => {
    await s3?.close();
    await database?.close();
    await server?.destroy();
  });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'netpilot-recordings-'));
    audited = [];
    recordings = build(null);
    session = await newSession();
  });
  afterEach(async () => {
    await recordings.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function build(bucketUrl: string | null): Recordings {
    const bucket = bucketUrl === null ? null : { url: bucketUrl, ...BUCKET_KEYS };
    return createRecordings({
      config: { directory, key: '', maxBytes: 1e9, bucket },
      key,
      database,
      audit: { record: async (entry) => void audited.push(entry) },
      log: pino({ level: 'silent' }),
      screenHidden: () => false,
    });
  }

  async function newSession(): Promise<SessionIdentity> {
    const { Organisation, User, Membership, BastionSession } = database.models;
    return database.transaction(ALL, async (transaction) => {
      const organisation = await Organisation.create({ name: 'One' }, { transaction });
      const subject = randomUUID();
      const user = await User.create(
        { issuer: 'https://idp.test', subject, name: 'Alice', email: null, disabledAt: null, lastSignInAt: null },
        { transaction },
      );
      await Membership.create({ organisationId: organisation.id, userId: user.id, role: 'owner' }, { transaction });
      const row = await BastionSession.create(
        {
          organisationId: organisation.id,
          routerId: null,
          routerName: 'edge',
          userId: user.id,
          userName: 'Alice',
          loginSessionId: null,
          state: 'live',
        } as never,
        { transaction },
      );
      return {
        id: row.id,
        organisationId: organisation.id,
        routerId: null,
        routerName: 'edge',
        userId: user.id,
        userName: 'Alice',
        loginSessionId: null,
        createdAt: Date.now(),
      };
    });
  }

  const owner = (): Actor => ({
    userId: session.userId,
    name: 'Alice',
    email: null,
    loginSessionId: randomUUID(),
    platformAdministrator: false,
    memberships: [{ organisationId: session.organisationId, role: 'owner' }],
  });
  const record = (of: Recordings, terminalId = 1): Promise<TerminalRecording> =>
    of.store.open({ session, terminalId, size: { cols: 80, rows: 24 }, imageDigest: null, onTrouble: () => {} });
  const rowOf = (id: string): Promise<RecordingRow | null> =>
    database.transaction(ALL, (transaction) => database.models.Recording.findByPk(id, { transaction }));
  const change = (id: string, values: Partial<RecordingRow>) =>
    database.transaction(ALL, (transaction) =>
      database.models.Recording.update(values, { where: { id }, transaction }),
    );
  const endSession = () =>
    database.transaction(ALL, (transaction) =>
      database.models.BastionSession.update(
        { state: 'ended', endReason: 'user', endedAt: new Date() },
        { where: { id: session.id }, transaction },
      ),
    );
  const files = () => readdirSync(directory, { recursive: true }).filter((name) => String(name).endsWith('.cast'));
  const inState = (id: string, state: RecordingRow['state']) =>
    until(`the recording to be ${state}`, async () => {
      const row = await rowOf(id);
      return row?.state === state ? row : null;
    });

  test('a terminal has one recording, which the next process continues', async () => {
    const first = await record(recordings);
    await expect(record(recordings)).rejects.toThrow('being recorded already');
    await first.append(Buffer.from('one '));
    await recordings.close();
    await expect(record(recordings)).rejects.toMatchObject({ trouble: 'disk_failed' });

    recordings = build(null);
    const second = await record(recordings);
    expect([second.id, second.end]).toEqual([first.id, 4]);
    await second.append(Buffer.from('two'));
    expect((await second.read(0, 100)).toString()).toBe('one two');
    await second.finish(null);
    expect(await rowOf(second.id)).toMatchObject({
      state: 'complete',
      outputBytes: '7',
      signature: expect.any(String),
    });
    expect(await recordings.service.verification(owner(), second.id)).toMatchObject({ state: 'intact', output: 7 });
    expect((await recordings.service.markers(owner(), second.id)).items).toMatchObject([
      { kind: 'note', label: 'the bastion was restarted' },
      { kind: 'resize', label: '80x24' },
    ]);
    // It has its end: it is read, not written.
    const third = await record(recordings);
    expect([third.ended, (await third.read(0, 100)).toString()]).toEqual([true, 'one two']);
  });

  test('what cannot be written is told once, and again when it can', async () => {
    const blocked = join(directory, new Date().toISOString().slice(0, 10));
    writeFileSync(blocked, 'in the way');
    for (let turn = 0; turn < 3; turn += 1) {
      await expect(record(recordings)).rejects.toMatchObject({ name: 'RecordingError' });
    }
    expect(audited.map(({ action }) => action)).toEqual(['recording_failed']);
    rmSync(blocked);
    await (await record(recordings)).append(Buffer.from('x'));
    expect(audited.map(({ action }) => action)).toEqual(['recording_failed', 'recording_resumed']);
  });

  test('a file that was deleted while nobody wrote is told of in the recording that begins anew', async () => {
    const first = await record(recordings);
    await first.append(Buffer.from('gone'));
    await recordings.close();
    rmSync(directory, { recursive: true });
    recordings = build(null);
    const second = await record(recordings);
    expect([second.id, second.end]).toEqual([first.id, 0]);
    await second.finish(null);
    expect((await recordings.service.markers(owner(), second.id)).items[0]).toMatchObject({
      label: 'what was recorded earlier is missing',
    });
  });

  test('a recording that was left behind gets its end once its session is over, one that was changed none', async () => {
    const [left, changed] = [await record(recordings, 1), await record(recordings, 2)];
    for (const each of [left, changed]) await each.append(Buffer.from('left behind'));
    await recordings.close();
    const path = join(directory, String(files().find((name) => String(name).includes(changed.id))));
    writeFileSync(path, 'something else\n');
    recordings = build(null);
    recordings.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await rowOf(left.id)).toMatchObject({ state: 'recording' });
    await recordings.close();
    await endSession();
    recordings = build(null);
    recordings.start();
    expect(await inState(left.id, 'complete')).toMatchObject({ outputBytes: '11' });
    expect(await recordings.service.verification(owner(), left.id)).toMatchObject({ state: 'intact' });
    await inState(changed.id, 'broken');
    expect(audited).toContainEqual(
      expect.objectContaining({ action: 'recording_failed', details: expect.objectContaining({ trouble: 'broken' }) }),
    );
  });

  test('what is kept long enough is deleted, as is a file that no row knows, and nothing else', async () => {
    const [old, young] = [await record(recordings, 1), await record(recordings, 2)];
    for (const each of [old, young]) {
      await each.append(Buffer.from('x'));
      await each.finish(null);
    }
    await change(old.id, { endedAt: new Date(Date.now() - 91 * DAY_MS) });
    await change(young.id, { endedAt: new Date(Date.now() - 89 * DAY_MS) });
    const day = join(directory, new Date().toISOString().slice(0, 10));
    const [forgotten, recent] = [join(day, `${randomUUID()}.cast`), join(day, `${randomUUID()}.cast`)];
    for (const path of [forgotten, recent]) writeFileSync(path, 'x');
    utimesSync(forgotten, new Date(), new Date(Date.now() - 8 * DAY_MS));
    recordings.start();
    await inState(old.id, 'deleted');
    await until('the forgotten file to be gone', async () => !existsSync(forgotten));
    expect(existsSync(recent)).toBe(true);
    expect(await rowOf(young.id)).toMatchObject({ state: 'complete' });
    expect(files().some((name) => String(name).includes(old.id))).toBe(false);
    expect(audited.filter(({ action }) => action === 'recording_expired')).toMatchObject([{ subjectId: old.id }]);
  });

  test('each organisation keeps its recordings as long as it says', async () => {
    const kept = await record(recordings, 1);
    const first = session;
    session = await newSession();
    const dropped = await record(recordings, 1);
    const { Organisation } = database.models;
    await database.transaction(ALL, (transaction) =>
      Organisation.update({ recordingRetentionDays: 7 }, { where: { id: session.organisationId }, transaction }),
    );
    for (const each of [kept, dropped]) {
      await each.append(Buffer.from('x'));
      await each.finish(null);
      await change(each.id, { endedAt: new Date(Date.now() - 8 * DAY_MS) });
    }
    recordings.start();
    await inState(dropped.id, 'deleted');
    expect(await rowOf(kept.id)).toMatchObject({ state: 'complete', organisationId: first.organisationId });
    expect(audited.filter(({ action }) => action === 'recording_expired')).toMatchObject([
      { subjectId: dropped.id, organisationId: session.organisationId, details: { of: 'Alice' } },
    ]);
  });

  test('finished recordings go to the bucket, where they are read; a bucket that is away loses nothing and is told once', async () => {
    await recordings.close();
    recordings = build(`${url}-missing`);
    recordings.start();
    const terminals = [await record(recordings, 1), await record(recordings, 2)];
    for (const [index, each] of terminals.entries()) {
      await each.append(Buffer.from(`needle ${index}\r\n`));
      await each.finish(null);
    }
    await until('the trouble to be told', async () =>
      audited.some(({ action }) => action === 'recording_upload_failed'),
    );
    expect(files()).toHaveLength(2);
    const [id = ''] = terminals.map((each) => each.id);
    expect(await recordings.service.verification(owner(), id)).toMatchObject({ state: 'intact' });
    await recordings.close();
    expect(audited.filter(({ action }) => action === 'recording_upload_failed')).toHaveLength(1);

    recordings = build(url);
    recordings.start();
    await until('both to be moved', async () => files().length === 0);
    expect(await rowOf(id)).toMatchObject({ state: 'complete', place: 'bucket' });
    const { service } = recordings;
    expect(await service.verification(owner(), id)).toMatchObject({ state: 'intact' });
    expect((await service.matches(owner(), id, 'NEEDLE')).items).toMatchObject([{ line: 'needle 0' }]);
    const sent = await service.download(owner(), id, 'bytes=0-12');
    const chunks: Buffer[] = [];
    for await (const chunk of await sent.send()) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('{"version":2,');
    await service.delete(owner(), id);
    await expect(service.verification(owner(), id)).rejects.toMatchObject({ code: 'recording_gone' });
  });
});
