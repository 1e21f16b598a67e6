import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FileVersionList } from '../../contract/file-api.ts';
import { FileChanged, FileCount, FileSearchLine, FileStat } from '../../contract/files.ts';
import { eventually } from '../harness/eventually.ts';
import { refusalOf, sha256, useSessionFiles } from './session-files.ts';

const MIB = 1_048_576;
/** More than all that may hold bytes between a router and its person. */
const LARGE = 400 * MIB;

describe('files when something goes wrong', () => {
  const here = useSessionFiles();
  const { at, send, beginUpload, sendPiece, finishUpload, audited } = here;

  const get = (what: string, path: string) => send('GET', what, { path });
  const change = (body: object) => here.alice.ask(FileChanged, 'POST', `/sessions/${here.session}/files/changes`, body);

  /** Reads the first bytes, lets something happen, and reads on. */
  async function interrupted(response: Response, happens: () => Promise<void> | void): Promise<void> {
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
    await happens();
    for (;;) if ((await reader?.read())?.done !== false) return;
  }
  const endOf = (path: string) =>
    eventually('the end of the transfer to be on record', async () =>
      (await audited(path)).findLast(({ action }) => action === 'file_transfer_ended'),
    );

  test('a file that is cut short while it is read breaks off, and is on record as that', async () => {
    const path = at('shrinking');
    writeFileSync(path, '');
    truncateSync(path, LARGE);
    const response = await get('content', path);
    expect(response.headers.get('content-length')).toBe(String(LARGE));
    await expect(interrupted(response, () => truncateSync(path, MIB))).rejects.toThrow();
    expect(await endOf(path)).toMatchObject({ result: 'failed', reason: 'file_changed', size: LARGE });
  });

  test('the tunnel is cut in the middle: a download breaks off, an upload goes on at its byte when the router is back', async () => {
    const [down, up] = [at('cut-down'), at('cut-up')];
    writeFileSync(down, '');
    truncateSync(down, LARGE);
    const content = randomBytes(3 * MIB);
    const { uploadId } = await beginUpload(up, content.length);
    const half = new ReadableStream({
      start: (stream) => stream.enqueue(new Uint8Array(content.subarray(0, 2 * MIB))),
    });
    const sending = sendPiece(uploadId, up, 0, half as unknown as BodyInit).then(
      ({ ok }) => ok,
      () => false,
    );
    const part = () => at(readdirSync(here.root).find((name) => name.endsWith('.part')) ?? '');
    await eventually('some of the upload to arrive', () => statSync(part()).size >= MIB);
    await expect(interrupted(await get('content', down), () => here.router.disconnect())).rejects.toThrow();
    expect(await sending).toBe(false);
    expect(existsSync(up)).toBe(false);
    const broken = await endOf(down);
    expect(broken).toMatchObject({ result: 'cut', size: LARGE });
    expect(Number(broken['bytes'])).toBeLessThan(LARGE);

    await here.router.connect(here.alice);
    await eventually(
      'the session to be connected again',
      async () => (await here.alice.session(here.session)).reconnecting === null,
    );
    const again = await eventually('the upload to go on', () => beginUpload(up, content.length, { uploadId }));
    expect(again.offset).toBeGreaterThanOrEqual(MIB);
    const rest = new Uint8Array(content.subarray(again.offset));
    expect((await sendPiece(uploadId, up, again.offset, rest)).status).toBe(200);
    expect((await finishUpload(uploadId, up, content.length, sha256(content))).status).toBe(200);
    expect(sha256(readFileSync(up))).toBe(sha256(content));
    expect(await endOf(up)).toMatchObject({ result: 'done', sha256: sha256(content), direction: 'upload' });
  });

  test('of two uploads to one new name the first to end stays, and the other is told', async () => {
    const path = at('contended');
    const begun = [await beginUpload(path, 5), await beginUpload(path, 5)];
    const texts = ['first', 'other'];
    for (const [index, { uploadId }] of begun.entries()) {
      expect((await sendPiece(uploadId, path, 0, texts[index] ?? '')).status).toBe(200);
    }
    const finish = (index: number) => finishUpload(begun[index]?.uploadId ?? '', path, 5, sha256(texts[index] ?? ''));
    expect((await finish(0)).status).toBe(200);
    const refused = await finish(1);
    expect(await refusalOf(refused)).toEqual([409, 'file_exists']);
    expect(readFileSync(path, 'utf8')).toBe('first');
  });

  test('links in circles end every search, count, archive and delete, and lead none of them out', async () => {
    const folder = at('circles');
    mkdirSync(join(folder, 'deep'), { recursive: true });
    mkdirSync(at('outside'));
    writeFileSync(join(folder, 'deep', 'needle'), 'x');
    writeFileSync(join(at('outside'), 'needle'), 'x');
    symlinkSync('.', join(folder, 'here'));
    symlinkSync('../..', join(folder, 'deep', 'up'));
    symlinkSync('one', join(folder, 'two'));
    symlinkSync('two', join(folder, 'one'));
    symlinkSync('../outside', join(folder, 'out'));
    const found = (await (await send('GET', 'search', { path: folder, text: 'needle' })).text())
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => FileSearchLine.parse(JSON.parse(line)))
      .flatMap((line) => (line.type === 'found' ? line.found : []));
    expect(found.map((each) => each.folder)).toEqual([join(folder, 'deep')]);
    expect(await here.alice.ask(FileCount, 'GET', here.address('count', { path: folder }))).toMatchObject({
      entries: 8,
      bytes: 1,
    });
    const archive = Buffer.from(await (await get('archive', folder)).arrayBuffer());
    const names = execFileSync('tar', ['-t'], { input: archive, timeout: 60_000 }).toString();
    expect(names.match(/needle/gu)).toHaveLength(1);
    expect((await refusalOf(await get('content', join(folder, 'one'))))[1]).toMatch(/^file_(loop|vanished)$/u);
    await change({ type: 'delete', path: folder, recursive: true });
    expect([existsSync(folder), readdirSync(at('outside'))]).toEqual([false, ['needle']]);
  });

  test('every change is on record before and after, with what it was about and what became of it', async () => {
    const [folder, file, copy, moved] = [at('changes'), at('changes/file'), at('changes/copy'), at('changes/moved')];
    await change({ type: 'create_folder', path: folder });
    await change({ type: 'create_file', path: file });
    writeFileSync(file, 'twelve bytes');
    await change({ type: 'chmod', path: file, mode: 0o600 });
    await change({ type: 'copy', path: file, to: copy, replace: false });
    await change({ type: 'rename', path: copy, to: moved, replace: false });
    expect(
      await refusalOf(
        await here.alice.fetch('POST', `/sessions/${here.session}/files/changes`, {
          type: 'rename',
          path: moved,
          to: file,
          replace: false,
        }),
      ),
    ).toEqual([409, 'file_exists']);
    await change({ type: 'delete', path: moved, recursive: false });
    const ends = async (path: string) => {
      const entries = await audited(path);
      const started = entries.filter(({ action }) => action === 'file_change_started').map(({ id }) => id);
      const ended = entries.filter(({ action }) => action === 'file_change_ended');
      expect(ended.map(({ id }) => id)).toEqual(started);
      return ended;
    };
    expect(await ends(folder)).toMatchObject([{ change: 'create_folder', result: 'done' }]);
    expect(await ends(file)).toMatchObject([
      { change: 'create_file', result: 'done' },
      { change: 'chmod', mode: '0600', size: 12, result: 'done' },
      { change: 'copy', to: copy, size: 12, result: 'done' },
    ]);
    expect(await ends(copy)).toMatchObject([{ change: 'rename', to: moved, type: 'file', result: 'done' }]);
    expect(await ends(moved)).toMatchObject([
      { change: 'rename', to: file, result: 'failed', reason: 'file_exists' },
      { change: 'delete', size: 12, result: 'done' },
    ]);
  });

  test('every way that bytes can take is on record with path, size, sum, direction and result', async () => {
    const text = 'bytes that move';
    const octets = { 'content-type': 'application/octet-stream' };
    const file = at('recorded');
    expect((await send('PUT', 'content', { path: file }, 'before', octets)).status).toBe(200);
    const stat = FileStat.parse(await (await send('PUT', 'content', { path: file }, text, octets)).json());
    expect(stat.size).toBe(text.length);
    const { items } = await here.alice.ask(FileVersionList, 'GET', here.address('versions', { path: file }));
    expect(await (await send('GET', `versions/${items[0]?.id}`, {})).text()).toBe('before');
    expect(await (await get('content', file)).text()).toBe(text);
    const followed = await get('follow', file);
    const reader = followed.body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(text.length);
    await reader?.cancel();
    await eventually('the end of following to be on record', async () =>
      (await audited(file)).some(({ result }) => result === 'stopped'),
    );
    mkdirSync(at('packed'));
    writeFileSync(join(at('packed'), 'file'), text);
    const archive = new Uint8Array(await (await get('archive', at('packed'))).arrayBuffer());
    mkdirSync(at('unpacked'));
    const tar = { 'content-type': 'application/x-tar' };
    expect((await send('PUT', 'archive', { path: at('unpacked') }, archive, tar)).status).toBe(200);

    const ends = async (path: string) =>
      (await audited(path))
        .filter(({ action }) => action === 'file_transfer_ended')
        .map(({ direction, what, bytes, sha256: sum, result }) => [direction, what, bytes, sum, result]);
    const [sum, before] = [sha256(text), sha256('before')];
    expect(await ends(file)).toEqual([
      ['upload', 'saved', 6, before, 'done'],
      // What was there is kept as a version: the api reads it for that.
      ['upload', 'saved', text.length, sum, 'done'],
      ['download', 'version', 6, before, 'done'],
      ['download', 'content', text.length, sum, 'done'],
      ['download', 'followed', text.length, sum, 'stopped'],
    ]);
    expect(await ends(at('packed'))).toEqual([['download', 'archive', archive.length, sha256(archive), 'done']]);
    expect(await ends(at('unpacked'))).toEqual([['upload', 'archive', archive.length, sha256(archive), 'done']]);
  });
});
