import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asRole } from '@netpilot/db/test/tenant.ts';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileUploadView, FileVersionList } from '../../contract/file-api.ts';
import { TestBastion } from '../harness/bastion.ts';
import type { TestPerson } from '../harness/person.ts';
import type { TestRouter } from '../harness/router.ts';

const GIB = 1_073_741_824;

describe('attacks on files', () => {
  let bastion: TestBastion;
  let alice: TestPerson;
  let bob: TestPerson;
  let router: TestRouter;
  let session: string;
  let root: string;

  beforeAll(async () => {
    bastion = await TestBastion.start({ api: { NETPILOT_FILE_GIB_PER_DAY: '1', NETPILOT_FILE_TRANSFERS: '1' } });
    [alice, bob] = [await bastion.signIn('alice'), await bastion.signIn('bob')];
    router = await bastion.enrolRouter(alice, (await alice.newOrganisation('One')).id, 'Attic');
    session = (await alice.liveSession(router.id)).id;
    root = join(router.directory, 'files');
    mkdirSync(root);
  });
  afterAll(() => bastion?.close());

  const path = (name: string) => encodeURIComponent(join(root, name));
  const files = (what: string) => `/sessions/${session}/files/${what}`;
  const put = (person: TestPerson, what: string, body: string | Buffer, headers: Record<string, string> = {}) => {
    const url = new URL(`/api/v1${files(what)}`, person.url);
    return fetch(url, {
      method: 'PUT',
      body: new Uint8Array(Buffer.from(body)),
      headers: {
        origin: person.url,
        cookie: person.jar.header(url) ?? '',
        'content-type': 'application/octet-stream',
        ...headers,
      },
    });
  };

  test('somebody else finds nothing, whatever they ask for, and changes nothing', async () => {
    writeFileSync(join(root, 'secret'), 'secret');
    expect((await put(alice, `content?path=${path('secret')}`, 'changed')).status).toBe(200);
    const { items } = await alice.ask(FileVersionList, 'GET', files(`versions?path=${path('secret')}`));
    const upload = { path: join(root, 'hers'), size: 3, expect: { type: 'anything' } };
    const { uploadId } = await alice.ask(FileUploadView, 'POST', files('uploads'), upload);
    const theirs = (await bob.newOrganisation('Two')).id;
    expect(theirs).toBeTruthy();
    for (const [method, what, body] of [
      ['GET', `content?path=${path('secret')}`, undefined],
      ['GET', `list?path=${path('')}`, undefined],
      ['GET', `versions/${items[0]?.id}`, undefined],
      ['POST', 'changes', { type: 'delete', path: join(root, 'secret'), recursive: false }],
      ['POST', 'uploads', { ...upload, uploadId }],
      ['DELETE', `uploads/${uploadId}?path=${path('hers')}`, undefined],
    ] as const) {
      expect([what, await bob.refusal(method, files(what), body)]).toEqual([what, [404, 'not_found']]);
    }
    expect((await put(bob, `content?path=${path('secret')}`, 'stolen')).status).toBe(404);
    // An upload of one session is none of another's, though the person is the same.
    const other = (await alice.liveSession(router.id)).id;
    expect(
      await alice.refusal('POST', `/sessions/${other}/files/uploads/${uploadId}/finish`, {
        ...upload,
        sha256: '0'.repeat(64),
        mode: null,
      }),
    ).toEqual([404, 'not_found']);
    await alice.tell('DELETE', `/sessions/${other}`);
    expect(readFileSync(join(root, 'secret'), 'utf8')).toBe('changed');
  });

  test('another site cannot change a file with the cookies of its visitor', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      expect((await put(alice, `content?path=${path('planted')}`, 'x', { origin })).status).toBe(403);
    }
    expect(existsSync(join(root, 'planted'))).toBe(false);
  });

  test('an archive writes nothing outside of its folder', async () => {
    mkdirSync(join(root, 'inbox'));
    const pack = (name: string) =>
      execFileSync('tar', ['-cP', '--transform', `s|.*|${name}|`, '/etc/hostname'], { timeout: 60_000 });
    for (const name of ['../slipped', '/tmp/np-slipped', 'a/../../slipped']) {
      const response = await put(alice, `archive?path=${path('inbox')}`, pack(name), {
        'content-type': 'application/x-tar',
      });
      expect([name, response.ok]).toEqual([name, false]);
    }
    expect([existsSync(join(root, 'slipped')), existsSync('/tmp/np-slipped')]).toEqual([false, false]);
  });

  test('a full file system is told before the first byte', async () => {
    const body = { path: join(root, 'huge'), size: Number.MAX_SAFE_INTEGER - 1, expect: { type: 'anything' } };
    const [, code] = await alice.refusal('POST', files('uploads'), body);
    expect(['file_no_space', 'file_quota']).toContain(code);
    expect(existsSync(join(root, 'huge'))).toBe(false);
  });

  test('one transfer at a time where only one is allowed, and none when the day is used up', async () => {
    writeFileSync(join(root, 'log'), 'line\n');
    const url = new URL(`/api/v1${files(`follow?path=${path('log')}`)}`, alice.url);
    const controller = new AbortController();
    const followed = await fetch(url, {
      signal: controller.signal,
      headers: { cookie: alice.jar.header(url) ?? '' },
    });
    expect(followed.status).toBe(200);
    expect(await alice.refusal('GET', files(`content?path=${path('log')}`))).toEqual([429, 'file_transfers']);
    controller.abort();

    const { id: userId } = await alice.me();
    const day = new Date().toISOString().slice(0, 10);
    await asRole(bastion.database.ownerUrl, { organisations: 'all' }, (client) =>
      client.query(
        `insert into file_usage (user_id, day, bytes) values ($1, $2, $3)
         on conflict (user_id, day) do update set bytes = $3`,
        [userId, day, GIB - 1_000],
      ),
    );
    writeFileSync(join(root, 'large'), Buffer.alloc(2_000));
    const refused = async () => {
      const response = await alice.fetch('GET', files(`content?path=${path('large')}`));
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      return [response.status, code, detail];
    };
    // The transfer before may still be on its way out.
    for (const end = Date.now() + 60_000; ;) {
      const [status, code, detail] = await refused();
      if (code === 'file_transfers' && Date.now() < end) continue;
      expect([status, code]).toEqual([429, 'file_quota']);
      expect(detail).toMatch(/^\d+ bytes are left\.$/u);
      break;
    }
    const upload = { path: join(root, 'up'), size: 2_000, expect: { type: 'anything' } };
    expect(await alice.refusal('POST', files('uploads'), upload)).toEqual([429, 'file_quota']);
    expect((await put(alice, `content?path=${path('up')}`, Buffer.alloc(2_000))).status).toBe(429);
  });
});
