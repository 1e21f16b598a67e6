import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { asRole } from '@netpilot/db/test/tenant.ts';
import type { z } from 'zod';
import { FileVersionList, entityTag } from '../../contract/file-api.ts';
import {
  FileChanged,
  FileCount,
  FileDigest,
  FileListLine,
  FileRoadView,
  FileSearchLine,
  FileSpace,
  FileStat,
  FileUnpacked,
  FileUploadState,
} from '../../contract/files.ts';
import { encodeRouterPath } from '../../contract/router-path.ts';
import { eventually } from '../harness/eventually.ts';
import { refusalOf, sha256, useSessionFiles } from './session-files.ts';

describe('the files of a router', () => {
  const here = useSessionFiles();
  const { at, address, send, beginUpload, sendPiece, finishUpload, audited } = here;

  const ask = <T extends z.ZodType>(schema: T, what: string, path: string, more: Record<string, string> = {}) =>
    here.alice.ask(schema, 'GET', address(what, { path, ...more }));
  const get = (path: string, headers: Record<string, string> = {}) =>
    here.alice.fetch('GET', address('content', { path }), undefined, headers);

  /** The answer of a request that must go through; else its words. */
  const okay = async <T extends z.ZodType>(schema: T, response: Response): Promise<z.infer<T>> => {
    const text = await response.text();
    if (!response.ok) throw new Error(`answered ${response.status}: ${text}`);
    return schema.parse(JSON.parse(text));
  };
  async function lines<T extends z.ZodType>(schema: T, what: string, query: Record<string, string>) {
    const response = await here.alice.fetch('GET', address(what, query));
    const text = await response.text();
    if (!response.ok) throw new Error(`answered ${response.status}: ${text}`);
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => schema.parse(JSON.parse(line)));
  }
  const entriesOf = async (path: string) =>
    (await lines(FileListLine, 'list', { path })).flatMap((line) => (line.type === 'entries' ? line.entries : []));

  test('a folder is listed with all there is to know, and says by which road', async () => {
    const folder = at('listed');
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'plain'), 'twelve bytes');
    chmodSync(join(folder, 'plain'), 0o640);
    symlinkSync('plain', join(folder, 'link'));
    symlinkSync('nowhere', join(folder, 'broken'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const road = await here.alice.ask(FileRoadView, 'GET', `/sessions/${here.session}/files/road`);
    expect(road.home).toBe(here.router.directory);
    expect(['sftp', 'shell']).toContain(road.road);
    const entries = await entriesOf(folder);
    expect(entries.map(({ name }) => name.text).sort()).toEqual(['broken', 'link', 'pipe', 'plain', 'sub']);
    const byName = Object.fromEntries(entries.map((entry) => [entry.name.text, entry]));
    expect(byName['plain']).toMatchObject({ type: 'file', size: 12, mode: 0o640, owner: 'root' });
    expect(byName['link']).toMatchObject({ type: 'link', target: { name: { text: 'plain' }, leadsTo: 'file' } });
    expect(byName['broken']?.target?.leadsTo).toBe('nothing');
    expect(byName['pipe']?.type).toBe('fifo');
    expect(await ask(FileCount, 'count', folder)).toMatchObject({ entries: 6, complete: true });
    expect((await ask(FileSpace, 'space', folder)).available).toBeGreaterThan(0);
  });

  test('hostile names are listed, read, renamed and deleted as what they are', async () => {
    const folder = at('hostile');
    mkdirSync(folder);
    const names = [
      'new\nline',
      '-rf',
      '$(touch pwned)',
      `quote'"\`;`,
      'tab\tand\u001b[31mred',
      'photo\u202egpj.exe',
      ' spaces ',
      'x'.repeat(255),
      '*',
      '--checkpoint-action=exec=sh',
    ];
    for (const name of names) writeFileSync(join(folder, name), name);
    const raw = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('caf\xe9', 'latin1')]);
    writeFileSync(raw, 'raw');
    const entries = await entriesOf(folder);
    expect(entries.map(({ name }) => name.text).sort()).toEqual([...names, 'caf\ufffd'].sort());
    for (const name of names) {
      const response = await get(join(folder, name));
      expect([name, response.status, await response.text()]).toEqual([name, 200, name]);
      const disposition = response.headers.get('content-disposition') ?? '';
      expect(disposition).toMatch(/^attachment; filename="[ -~]+"; filename\*=UTF-8''[!-~]+$/u);
    }
    expect(await (await get(encodeRouterPath(raw))).text()).toBe('raw');
    const change = (body: object) =>
      here.alice.ask(FileChanged, 'POST', `/sessions/${here.session}/files/changes`, body);
    for (const name of names) {
      const path = join(folder, name);
      const to = join(folder, name.length > 200 ? 'short' : `${name}2`);
      expect((await change({ type: 'rename', path, to, replace: false })).stat?.path).toBe(to);
      await change({ type: 'delete', path: to, recursive: false });
    }
    await change({ type: 'delete', path: encodeRouterPath(raw), recursive: false });
    expect(readdirSync(folder)).toEqual([]);
    const [first] = await audited(String.raw`/new\nline`);
    expect(first).toMatchObject({ action: 'file_transfer_started', direction: 'download' });
  });

  test('a file answers ranges and conditions as HTTP says, and is data to every browser', async () => {
    const path = at('ranged.html');
    const content = `<script>alert(1)</script>${'0123456789'.repeat(100)}`;
    writeFileSync(path, content);
    const whole = await get(path);
    const tag = whole.headers.get('etag') ?? '';
    expect([whole.status, await whole.text()]).toEqual([200, content]);
    const said = [
      'accept-ranges',
      'content-length',
      'content-type',
      'x-content-type-options',
      'content-security-policy',
    ];
    expect(said.map((name) => whole.headers.get(name))).toEqual([
      'bytes',
      String(content.length),
      'application/octet-stream',
      'nosniff',
      "default-src 'none'; frame-ancestors 'none'; sandbox",
    ]);
    expect(whole.headers.get('content-disposition')).toMatch(/^attachment;/u);
    const head = await here.alice.fetch('HEAD', address('content', { path }));
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
      200,
      String(content.length),
      tag,
    ]);
    const part = await get(path, { range: 'bytes=25-34' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      `bytes 25-34/${content.length}`,
      '0123456789',
    ]);
    expect((await get(path, { range: 'bytes=25-34', 'if-range': tag })).status).toBe(206);
    expect((await get(path, { range: 'bytes=25-34', 'if-range': '"other"' })).status).toBe(200);
    expect((await get(path, { 'if-none-match': tag })).status).toBe(304);
    expect(await refusalOf(await get(path, { 'if-match': '"other"' }))).toEqual([412, 'file_changed']);
    expect(await refusalOf(await get(path, { range: 'bytes=99999-' }))).toEqual([416, 'range_not_satisfiable']);
    const entries = await audited('/ranged.html');
    expect(entries.slice(0, 2)).toMatchObject([
      { action: 'file_transfer_started', size: content.length, what: 'content' },
      { action: 'file_transfer_ended', bytes: content.length, sha256: sha256(content), result: 'done' },
    ]);
    expect(entries).toContainEqual(
      expect.objectContaining({ action: 'file_transfer_ended', offset: 25, bytes: 10, sha256: sha256('0123456789') }),
    );
  });

  test('what has no content that ends is refused in words, with the router’s own', async () => {
    const folder = at('listed');
    expect(await refusalOf(await get(join(folder, 'pipe')))).toEqual([409, 'file_special']);
    expect(await refusalOf(await get(folder))).toEqual([409, 'file_is_directory']);
    expect(await refusalOf(await get(join(folder, 'missing')))).toEqual([404, 'file_vanished']);
    expect(await refusalOf(await get('/dev/zero'))).toEqual([409, 'file_special']);
    expect((await (await get('/proc/version')).text()).startsWith('Linux version')).toBe(true);
    expect(await here.alice.refusal('GET', address('stat', { path: 'relative' }))).toEqual([400, 'invalid_request']);
  });

  test('a save goes through only over what it is meant for, and what was there is kept five times', async () => {
    const path = at('network');
    writeFileSync(path, 'config one\n');
    chmodSync(path, 0o600);
    const save = (text: string, headers: Record<string, string>) => send('PUT', 'content', { path }, text, headers);
    const opened = await ask(FileStat, 'stat', path);
    const first = await okay(FileStat, await save('config two\n', { 'if-match': entityTag(opened.version) }));
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['config two\n', 0o600]);
    // Somebody else was quicker: nothing changes, and the answer says what is there.
    writeFileSync(path, 'config of another\n');
    const refused = await save('config three\n', { 'if-match': entityTag(first.version) });
    expect(refused.status).toBe(412);
    expect(await refused.json()).toMatchObject({ code: 'file_changed', detail: expect.stringContaining('18 bytes') });
    expect(await refusalOf(await save('x', { 'if-none-match': '*' }))).toEqual([409, 'file_exists']);
    expect(readFileSync(path, 'utf8')).toBe('config of another\n');
    for (let round = 0; round < 6; round += 1) expect((await save(`round ${round}\n`, {})).status).toBe(200);
    const { items } = await ask(FileVersionList, 'versions', path);
    expect(items.map(({ sha256: sum }) => sum)).toEqual([4, 3, 2, 1, 0].map((round) => sha256(`round ${round}\n`)));
    const kept = await here.alice.fetch('GET', `/sessions/${here.session}/files/versions/${items[0]?.id}`);
    expect([kept.status, await kept.text()]).toEqual([200, 'round 4\n']);
    expect(readdirSync(here.root).filter((name) => name.startsWith('.netpilot'))).toEqual([]);
    const sealed = await asRole(here.bastion.database.ownerUrl, { organisations: 'all' }, (client) =>
      client.query<{ sealed: Buffer }>('select sealed from file_versions'),
    );
    expect(sealed.rows.length).toBeGreaterThanOrEqual(5);
    for (const row of sealed.rows) expect(row.sealed.includes('round')).toBe(false);
    expect(await audited('/network')).toContainEqual(
      expect.objectContaining({ what: 'saved', direction: 'upload', sha256: sha256('config two\n'), result: 'done' }),
    );
  });

  test('two who save at once: one goes through, the other is told', async () => {
    const path = at('raced');
    writeFileSync(path, 'start\n');
    const { version } = await ask(FileStat, 'stat', path);
    const answers = await Promise.all(
      ['first\n', 'other\n'].map((text) => send('PUT', 'content', { path }, text, { 'if-match': entityTag(version) })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 412]);
    expect(readFileSync(path, 'utf8')).toBe(statuses[0] === 200 ? 'first\n' : 'other\n');
  });

  test('an upload goes on at the byte where it stopped, and is put in place only when its sum is right', async () => {
    const path = at('image.bin');
    const content = randomBytes(3_000_000);
    const { uploadId, offset } = await beginUpload(path, content.length);
    expect(offset).toBe(0);
    const piece = (from: number, to: number) =>
      sendPiece(uploadId, path, from, new Uint8Array(content.subarray(from, to)));
    expect(await okay(FileUploadState, await piece(0, 1_048_576))).toEqual({ offset: 1_048_576 });
    expect(await refusalOf(await piece(2_097_152, 2_500_000))).toEqual([409, 'file_offset_mismatch']);
    expect(existsSync(path)).toBe(false);

    // The line is cut in the middle of a piece: what arrived is kept, and told.
    const url = new URL(`/api/v1${address(`uploads/${uploadId}`, { path, offset: 1_048_576 })}`, here.alice.url);
    const controller = new AbortController();
    const cut = fetch(url, {
      method: 'PATCH',
      signal: controller.signal,
      duplex: 'half',
      headers: {
        origin: here.alice.url,
        cookie: here.alice.jar.header(url) ?? '',
        'content-type': 'application/octet-stream',
      },
      body: new ReadableStream({
        start: (stream) => stream.enqueue(new Uint8Array(content.subarray(1_048_576, 1_448_576))),
      }),
    } as RequestInit & { duplex: 'half' });
    const part = () => readdirSync(here.root).find((name) => name.endsWith('.part')) ?? '';
    await eventually('some of the piece to arrive', () => statSync(at(part())).size > 1_048_576);
    controller.abort();
    await expect(cut).rejects.toThrow();

    // And the api is killed on top of it.
    await here.bastion.api.stop('SIGKILL');
    here.bastion.api.start();
    await here.bastion.ready();
    await here.alice.sessionIn(here.session, 'live');
    const again = await eventually('the session to be reached again', () =>
      beginUpload(path, content.length, { uploadId }),
    );
    expect(again.offset).toBeGreaterThan(1_048_576);
    expect(again.offset).toBeLessThanOrEqual(1_448_576);
    expect((await piece(again.offset, content.length)).status).toBe(200);
    expect((await finishUpload(uploadId, path, content.length, sha256(content))).status).toBe(200);
    expect(sha256(readFileSync(path))).toBe(sha256(content));
    expect(part()).toBe('');
    expect(await ask(FileDigest, 'sha256', path)).toEqual({ sha256: sha256(content), size: content.length });
    expect((await audited('/image.bin')).filter(({ action }) => action === 'file_transfer_ended')).toContainEqual(
      expect.objectContaining({ direction: 'upload', sha256: sha256(content), result: 'done' }),
    );
  });

  test('a wrong sum puts nothing in place', async () => {
    const path = at('wrong.bin');
    const { uploadId } = await beginUpload(path, 3);
    await sendPiece(uploadId, path, 0, 'abc');
    const response = await finishUpload(uploadId, path, 3, sha256('abd'));
    expect(await refusalOf(response)).toEqual([409, 'file_checksum_mismatch']);
    expect(existsSync(path)).toBe(false);
    expect(await audited('/wrong.bin')).toContainEqual(
      expect.objectContaining({ action: 'file_transfer_ended', result: 'failed', reason: 'file_checksum_mismatch' }),
    );
  });

  test('a folder leaves as tar and comes back as tar', async () => {
    const folder = at('tree');
    mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
    for (let index = 0; index < 200; index += 1) writeFileSync(join(folder, `file-${index}`), `content ${index}`);
    writeFileSync(join(folder, 'deep', 'er', 'leaf'), 'leaf');
    const response = await here.alice.fetch('GET', address('archive', { path: folder }));
    const archive = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-disposition')).toContain('tree.tar');
    const listed = execFileSync('tar', ['-t'], { input: archive, timeout: 60_000 }).toString();
    expect(listed.split('\n').filter((name) => /file-\d+$/u.test(name))).toHaveLength(200);
    mkdirSync(at('back'));
    const put = await send('PUT', 'archive', { path: at('back') }, new Uint8Array(archive), {
      'content-type': 'application/x-tar',
    });
    expect(await okay(FileUnpacked, put)).toMatchObject({ files: 201 });
    execFileSync('diff', ['-r', folder, join(at('back'), 'tree')], { timeout: 60_000 });
    expect((await audited('/tree')).at(-1)).toMatchObject({ what: 'archive', result: 'done', bytes: archive.length });
  });

  test('a search streams what it finds, and a log is followed until somebody stops', async () => {
    const found = await lines(FileSearchLine, 'search', { path: here.root, text: 'LEAF' });
    expect(
      found
        .flatMap((line) => (line.type === 'found' ? line.found : []))
        .map(({ folder }) => folder)
        .sort(),
    ).toEqual([`${here.root}/back/tree/deep/er`, `${here.root}/tree/deep/er`]);
    const log = at('log');
    writeFileSync(log, 'first line\n');
    const controller = new AbortController();
    const url = new URL(`/api/v1${address('follow', { path: log })}`, here.alice.url);
    const response = await fetch(url, {
      signal: controller.signal,
      headers: { cookie: here.alice.jar.header(url) ?? '' },
    });
    const reader = response.body?.getReader();
    let text = '';
    const until = async (what: string) => {
      while (!text.includes(what)) text += new TextDecoder().decode((await reader?.read())?.value);
    };
    await until('first line');
    appendFileSync(log, 'second line\n');
    await until('second line');
    controller.abort();
    await eventually('the end of it to be on record', async () =>
      (await audited('/log')).some(({ result }) => result === 'stopped'),
    );
  });

  test('a transfer is cut when its session ends, and the audit trail says so', async () => {
    const path = at('large.bin');
    execFileSync('truncate', ['-s', '300M', path]);
    const mine = (await here.alice.liveSession(here.router.id)).id;
    const url = new URL(`/api/v1/sessions/${mine}/files/content?path=${encodeURIComponent(path)}`, here.alice.url);
    const response = await fetch(url, { headers: { cookie: here.alice.jar.header(url) ?? '' } });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    await here.alice.tell('DELETE', `/sessions/${mine}`);
    const rest = async () => {
      for (;;) if ((await reader?.read())?.done !== false) return;
    };
    await expect(rest()).rejects.toThrow();
    const ended = await eventually('the cut to be on record', async () =>
      (await audited('/large.bin')).find(({ action }) => action === 'file_transfer_ended'),
    );
    expect(ended).toMatchObject({ result: 'cut', size: 314_572_800, sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) });
    expect(Number(ended['bytes'])).toBeLessThan(314_572_800);
    expect(await here.alice.refusal('GET', `/sessions/${mine}/files/road`)).toEqual([409, 'session_over']);
  });
});
