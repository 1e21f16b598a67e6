import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { decodeRouterName, encodeRouterName, joinRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { extract } from 'tar-stream';
import { archiveOf, cancel, header, inPieces, receive, refused } from './files-client.ts';
import type { ArchiveEntry } from './files-client.ts';
import { useFiles } from './files-session.ts';
import type { TestMachine } from './files-session.ts';
import { until } from './test-link.ts';
import { FILE_HEADER } from '@netpilot/control-plane/contract/files.ts';

export interface Conformance {
  readonly name: string;
  readonly road: { road: 'sftp' | 'shell'; bytes: 'sftp' | 'shell' };
  start(): Promise<TestMachine>;
}

/** Names that have broken programs. */
export const HOSTILE_NAMES: readonly Buffer[] = [
  '-rf',
  '--checkpoint-action=exec=sh',
  'a\nb',
  '\n',
  ' ',
  ' leading and trailing ',
  "it's",
  '"quoted"',
  '$(touch pwned)',
  '`touch pwned`',
  '; touch pwned',
  '*',
  '?',
  '[a-z]',
  '\\',
  '\\n',
  '~',
  '#',
  '!!',
  '%s%n',
  'a -> b',
  '-> ',
  'ü€😀',
  '\u202Egpj.exe',
  '\u001b[31mred',
  '\t',
  '\r',
  '...',
  '.hidden',
  'x'.repeat(255),
  '-rw-r--r-- 1 0 0 5 2024-01-01 00:00:00 +0000 .',
  'a\n-rw-r--r-- 1 0 0 5 2024-01-01 00:00:00 +0000 b',
].map((name) => Buffer.from(name));
const RAW_NAMES = [Buffer.from([0xff, 0xfe]), Buffer.from([0x61, 0xc3, 0x28, 0x0a, 0x80]), Buffer.alloc(255, 0xe4)];

/** The same expectations of every road. */
export function describeFiles({ name, road, start }: Conformance): void {
  describe(`files of ${name}`, () => {
    /** A folder of one's own on the machine. */
    const root = `/tmp/netpilot-files-${process.pid}-${Math.floor(performance.now())}`;
    const { files, machine, sh, at } = useFiles(
      () => withFolder(start, root),
      () => root,
    );
    const pathIn = (folder: string, own: Buffer) => joinRouterPath(folder, encodeRouterName(own)) ?? '';
    const refusal = async (work: Promise<unknown>) => (await refused(work)).file;
    const leftovers = () => sh('find . -name ".netpilot-*" | wc -l');

    test('says its road', async () => {
      expect(await files.road()).toMatchObject(road);
      expect((await files.road()).home).toMatch(/^\//u);
    });

    test('lists every hostile name as it is, and reads, renames and deletes what it names', async () => {
      await sh('mkdir names');
      const folder = at('names');
      const all = [...HOSTILE_NAMES, ...RAW_NAMES];
      // Half of them come from outside, half are made here.
      const made = all.filter((_, index) => index % 4 === 0);
      const given = Buffer.concat(
        all.filter((each) => !made.includes(each)).flatMap((each) => [each, Buffer.alloc(1)]),
      );
      await sh('cd names && xargs -0 sh -c \'for f do printf given > "./$f"; done\' sh', given);
      for (const each of made) await files.save(pathIn(folder, each), 'made');
      const { entries, skipped } = await files.list(folder);
      const listed = entries.map((entry) => Buffer.from(decodeRouterName(entry.name)).toString('hex')).sort();
      expect(listed).toEqual(all.map((each) => each.toString('hex')).sort());
      expect(skipped).toBe(0);
      for (const entry of entries) expect(entry).toMatchObject({ type: 'file', mode: 0o644, target: null });
      // Seen from outside too.
      const seen = (await machine().run(`cd ${folder} && find . -mindepth 1 -print0`)).toString('latin1').split('\0');
      expect(seen.filter((each) => each !== '').sort()).toEqual(
        all.map((each) => `./${each.toString('latin1')}`).sort(),
      );
      for (const each of all.filter((_, index) => index % 3 === 0)) {
        const text = made.includes(each) ? 'made' : 'given';
        expect((await files.read(pathIn(folder, each))).bytes.toString()).toBe(text);
      }
      for (const each of [...HOSTILE_NAMES.slice(0, 4), ...RAW_NAMES.slice(0, 1)]) {
        const path = pathIn(folder, each);
        const to = pathIn(folder, Buffer.concat([Buffer.from('-r'), each]));
        expect(await files.change({ type: 'rename', path, to, replace: false })).toMatchObject({ path: to });
        await files.change({ type: 'chmod', path: to, mode: 0o640 });
        expect((await files.stat(to)).mode).toBe(0o640);
        await files.change({ type: 'delete', path: to, recursive: false });
        expect(await refusal(files.stat(to))).toBe('vanished');
      }
      expect(await sh('ls -a . | grep -c pwned; :')).toBe('0\n');
      expect(await leftovers()).toMatch(/^\s*0\n$/u);
    });

    test('shows types, modes, owners, times and sizes', async () => {
      await sh(
        'mkdir kinds && cd kinds && mkdir folder && printf 12345 > file && chmod 4751 file && mkfifo pipe && touch -t 202001020304.05 file && chmod 1777 folder',
      );
      const { folder, entries } = await files.list(at('kinds'));
      expect(folder).toMatchObject({ path: at('kinds'), type: 'folder', owner: 'root', uid: 0 });
      const byName = Object.fromEntries(entries.map((entry) => [entry.name.text, entry]));
      const zone = Number(await machine().run('date -d "2020-01-02 03:04:05" +%s'));
      expect(byName.file).toMatchObject({
        type: 'file',
        size: 5,
        mode: 0o4751,
        uid: 0,
        gid: 0,
        owner: 'root',
        group: 'root',
      });
      expect(Date.parse(byName.file?.modifiedAt ?? '')).toBe(zone * 1_000);
      expect(byName.folder).toMatchObject({ type: 'folder', mode: 0o1777 });
      expect(byName.pipe).toMatchObject({ type: 'fifo' });
      const dev = Object.fromEntries((await files.list('/dev')).entries.map((entry) => [entry.name.text, entry]));
      expect(dev.null).toMatchObject({ type: 'character', size: 0 });
      expect(byName.file && (await files.stat(at('kinds/file')))).toMatchObject({ size: 5, mode: 0o4751 });
    });

    test('shows where links lead, with any name and any target', async () => {
      await sh(`mkdir links && cd links && printf x > file && mkdir folder && ln -s file to-file && ln -s folder to-folder &&
ln -s nowhere dead && ln -s /dev/null special && ln -s 'a -> b' 'x -> y' && ln -s 'q?mark' asked && ln -s loop loop &&
ln -s "$(printf '1\\n-rw-r--r-- 1 0 0 5 2024-01-01 00:00:00 +0000 ./fake')" newline`);
      const { entries } = await files.list(at('links'));
      const targets = Object.fromEntries(entries.map(({ name: own, target }) => [own.text, target]));
      expect(targets).toMatchObject({
        file: null,
        'to-file': { name: { text: 'file' }, leadsTo: 'file' },
        'to-folder': { name: { text: 'folder' }, leadsTo: 'folder' },
        dead: { name: { text: 'nowhere' }, leadsTo: 'nothing' },
        special: { name: { text: '/dev/null' }, leadsTo: 'special' },
        'x -> y': { name: { text: 'a -> b' } },
        asked: { name: { text: 'q?mark' } },
        newline: { name: { text: '1\n-rw-r--r-- 1 0 0 5 2024-01-01 00:00:00 +0000 ./fake' }, leadsTo: 'nothing' },
        loop: { leadsTo: 'nothing' },
      });
      expect(entries).toHaveLength(10);
      expect(await files.stat(at('links/to-folder'), true)).toMatchObject({ type: 'folder' });
      expect(await files.stat(at('links/newline'))).toMatchObject({ type: 'link', target: targets.newline });
    });

    test('a folder of thousands comes whole, and stops when its reader goes', async () => {
      await sh('mkdir many && cd many && seq 1 3000 | sed "s/^/file /" | tr "\\n" "\\0" | xargs -0 touch');
      expect((await files.list(at('many'))).entries).toHaveLength(3_000);
      const stream = await files.open('list', { path: at('many') });
      await new Promise((resolve) => stream.once('data', resolve));
      cancel(stream);
      expect(await files.stat(at('many'))).toMatchObject({ type: 'folder' });
    });

    test('reads all, a range, the end, and nothing behind it', async () => {
      await sh('seq 1 200000 > numbers');
      const whole = Buffer.from(await sh('cat numbers'), 'latin1');
      const got = await files.read(at('numbers'));
      expect(got.bytes.equals(whole)).toBe(true);
      expect(got.head).toMatchObject({ length: whole.length, offset: 0, stat: { size: whole.length } });
      const sha256 = createHash('sha256').update(whole).digest('hex');
      expect(got.end).toEqual({ bytes: whole.length, outcome: 'complete', problem: null });
      expect((await files.read(at('numbers'), { offset: 100_001, length: 70_000 })).bytes).toEqual(
        whole.subarray(100_001, 170_001),
      );
      expect((await files.read(at('numbers'), { offset: whole.length - 3 })).bytes).toEqual(whole.subarray(-3));
      expect((await files.read(at('numbers'), { offset: whole.length + 10 })).bytes).toHaveLength(0);
      expect((await files.read(at('numbers'), { length: 0 })).bytes).toHaveLength(0);
      expect(await files.ask('sha256', { path: at('numbers') })).toEqual({ sha256, size: whole.length });
      const { version } = await files.stat(at('numbers'));
      expect((await files.read(at('numbers'), { version })).end?.outcome).toBe('complete');
      await sh('echo more >> numbers');
      expect(await refusal(files.read(at('numbers'), { version }))).toBe('changed');
    });

    test('a reader that goes in the middle ends the reading, and nothing else', async () => {
      await sh('dd if=/dev/zero of=large bs=1048576 count=24 2>/dev/null');
      for (let times = 0; times < 4; times++) {
        const stream = await files.open('read', { path: at('large'), offset: 0, length: null, version: null });
        await new Promise((resolve) => stream.once('data', resolve));
        cancel(stream);
      }
      expect(await files.stat(at('large'))).toMatchObject({ size: 24 * 1_048_576 });
    });

    test('a file that shrinks while it is read does not look whole', async () => {
      await sh('dd if=/dev/zero of=shrinking bs=1048576 count=0 seek=400 2>/dev/null');
      const stream = await files.open('read', { path: at('shrinking'), offset: 0, length: null, version: null });
      const received = receive(stream);
      await new Promise<void>((resolve) => stream.once('data', () => resolve()));
      // More is announced than all buffers on the way hold.
      stream.pause();
      await sh('dd if=/dev/zero of=shrinking bs=1048576 count=0 seek=1 2>/dev/null');
      stream.resume();
      const { head, bytes, end } = await received;
      expect(head.length).toBe(400 * 1_048_576);
      expect(bytes.length).toBeLessThan(400 * 1_048_576);
      expect(end).toMatchObject({ outcome: 'shrank', bytes: bytes.length });
    });

    test('of a file that grows while it is read comes what was announced, and that it grew is told', async () => {
      // More than all buffers on the way hold, so that it is still being read when it grows.
      const size = 96 * 1_048_576;
      await sh('dd if=/dev/zero of=growing bs=1048576 count=0 seek=96 2>/dev/null');
      const stream = await files.open('read', { path: at('growing'), offset: 0, length: null, version: null });
      const received = receive(stream);
      await new Promise<void>((resolve) => stream.once('data', () => resolve()));
      stream.pause();
      await sh('echo and more >> growing');
      stream.resume();
      const { head, bytes, end } = await received;
      expect([head.length, bytes.length]).toEqual([size, size]);
      expect(end).toEqual({ outcome: 'grew', bytes: size, problem: null });
      await sh('rm growing');
    });

    test('beyond 4 GiB a file is listed, read and uploaded like any other', async () => {
      const [size, place] = [5 * 2 ** 30 + 5, 4.5 * 2 ** 30];
      await sh('mkdir beyond && cd beyond && printf "tail!" | dd of=file bs=1048576 seek=5120 2>/dev/null');
      expect((await files.list(at('beyond'))).entries).toMatchObject([{ size }]);
      expect(await files.ask('count', { path: at('beyond') })).toMatchObject({ bytes: size });
      const tail = await files.read(at('beyond/file'), { offset: size - 8 });
      expect([tail.bytes.toString('latin1'), tail.end?.outcome]).toEqual(['\0\0\0tail!', 'complete']);
      const middle = await files.read(at('beyond/file'), { offset: 2 ** 32 - 3, length: 6 });
      expect(middle.bytes).toEqual(Buffer.alloc(6));

      const upload = { uploadId: 'fedcba9876543210fedcba9876543210', path: at('beyond/uploaded') };
      const begin = { ...upload, size, expect: { type: 'nothing' } };
      await files.ask('uploadBegin', begin);
      await sh(`dd if=/dev/zero of=beyond/.netpilot-${upload.uploadId}.part bs=1048576 count=0 seek=4608 2>/dev/null`);
      expect(await files.ask('uploadBegin', begin)).toEqual({ offset: place });
      const sent = await files.send('uploadBytes', { ...upload, offset: place }, Buffer.from('goes on here'));
      expect(sent).toEqual({ offset: place + 12 });
      expect(await sh(`tail -c 13 beyond/.netpilot-${upload.uploadId}.part`)).toBe('\0goes on here');
      await files.ask('uploadAbort', upload);
      await sh('rm beyond/file');
    });

    test('never opens what has no end, and bounds what says that it is empty', async () => {
      await sh('mkfifo endless-pipe; ln -s /dev/zero zero');
      expect(await refusal(files.read(at('endless-pipe')))).toBe('special');
      expect(await refusal(files.read(at('zero')))).toBe('special');
      expect(await refusal(files.read('/dev/zero'))).toBe('special');
      expect(await refusal(files.read('/dev/zero', { offset: 65_536, length: 100 }))).toBe('special');
      expect(await refusal(files.ask('sha256', { path: '/dev/zero' }))).toBe('special');
      const following = await files.open('follow', { path: '/dev/zero', back: 10 });
      expect(await refusal(receive(following))).toBe('special');
      expect(await refusal(files.read(root))).toBe('is_directory');
      expect(await refusal(files.ask('sha256', { path: at('endless-pipe') }))).toBe('special');
      const cpu = await files.read('/proc/cpuinfo');
      expect(cpu.head.length).toBeNull();
      expect(cpu.bytes.length).toBeGreaterThan(100);
      expect(cpu.end?.outcome).toBe('complete');
      // Nothing is at its first byte: a read that fails does not look like an empty file.
      const memory = await files.read('/proc/self/mem');
      expect([memory.bytes.length, memory.end]).toMatchObject([0, { outcome: 'problem', problem: { file: 'failed' } }]);
    });

    test('refuses in words that people understand', async () => {
      await sh('mkdir full-folder; touch full-folder/x plain; ln -sf loop-b loop-a; ln -sf loop-a loop-b');
      expect(await refusal(files.list(at('nothing')))).toBe('vanished');
      expect(await refusal(files.list(at('plain')))).toBe('not_directory');
      expect(await refusal(files.stat(at('nothing')))).toBe('vanished');
      expect(await refusal(files.read(at('nothing')))).toBe('vanished');
      expect(['loop', 'vanished']).toContain(await refusal(files.stat(at('loop-a'), true)));
      expect(await refusal(files.change({ type: 'delete', path: at('full-folder'), recursive: false }))).toBe(
        'not_empty',
      );
      expect(await refusal(files.change({ type: 'delete', path: at('nothing'), recursive: true }))).toBe('vanished');
      expect(await refusal(files.change({ type: 'delete', path: '/', recursive: true }))).toBe('busy');
      expect(await refusal(files.change({ type: 'delete', path: at('x/..'), recursive: true }))).toBe('busy');
      expect(await refusal(files.change({ type: 'create_folder', path: at('plain') }))).toBe('exists');
      expect(await refusal(files.change({ type: 'create_file', path: at('plain') }))).toBe('exists');
      expect(await refusal(files.change({ type: 'create_folder', path: at('no/such') }))).toBe('vanished');
      await refused(files.save('/proc/netpilot', 'x'));
    });

    test('creates, copies and moves; never over what is there unless it was asked to', async () => {
      expect(await files.change({ type: 'create_folder', path: at('made') })).toMatchObject({ type: 'folder' });
      expect(await files.change({ type: 'create_file', path: at('made/empty') })).toMatchObject({
        type: 'file',
        size: 0,
      });
      await files.save(at('made/one'), 'one');
      await files.save(at('made/two'), 'two');
      const rename = { type: 'rename', path: at('made/one'), to: at('made/two') } as const;
      expect(await refusal(files.change({ ...rename, replace: false }))).toBe('exists');
      expect(await sh('cat made/one made/two')).toBe('onetwo');
      await files.change({ ...rename, replace: true });
      expect(await sh('ls made; cat made/two')).toBe('empty\ntwo\none');
      await sh('mkdir made/deep && ln -s ../two made/deep/link && chmod 750 made/deep');
      const copy = { type: 'copy', path: at('made'), to: at('copied') } as const;
      await files.change({ ...copy, replace: false });
      expect(await sh('cat copied/two; readlink copied/deep/link; ls -ld copied/deep | cut -c1-10')).toBe(
        'one../two\ndrwxr-x---\n',
      );
      expect(await refusal(files.change({ ...copy, replace: true }))).toBe('exists');
      expect(
        await refusal(files.change({ type: 'rename', path: at('made/two'), to: at('copied'), replace: true })),
      ).toBe('exists');
      expect(await files.ask('count', { path: at('copied') })).toEqual({ entries: 5, bytes: 3, complete: true });
      expect(await files.change({ type: 'delete', path: at('copied'), recursive: true })).toBeNull();
      expect(await sh('ls -d copied made 2>/dev/null; :')).toBe('made\n');
      expect(await leftovers()).toMatch(/^\s*0\n$/u);
    });

    test('saves atomically: same mode and owner, links stay, a file that changed is not lost', async () => {
      await sh('printf old > config && chmod 600 config && chown 1:2 config && ln -s config config-link');
      const before = await files.stat(at('config'));
      const after = await files.save(at('config-link'), 'new', { type: 'version', version: before.version });
      expect(after).toMatchObject({ path: at('config'), size: 3, mode: 0o600, uid: 1, gid: 2 });
      expect(await sh('cat config; [ -L config-link ] && echo link')).toBe('newlink\n');
      await sh('printf other > config');
      expect(await refusal(files.save(at('config'), 'mine', { type: 'version', version: after.version }))).toBe(
        'changed',
      );
      const sha256 = createHash('sha256').update('new').digest('hex');
      expect(await refusal(files.save(at('config'), 'mine', { type: 'content', sha256 }))).toBe('changed');
      expect(await refusal(files.save(at('config'), 'mine', { type: 'nothing' }))).toBe('exists');
      expect(await sh('cat config')).toBe('other');
      const other = createHash('sha256').update('other').digest('hex');
      await files.save(at('config'), '', { type: 'content', sha256: other }, 0o755);
      expect(await files.stat(at('config'))).toMatchObject({ size: 0, mode: 0o755, uid: 1 });
      expect(await leftovers()).toMatch(/^\s*0\n$/u);
    });

    test('of two writers with the same expectation one is refused', async () => {
      const { version } = await files.save(at('contended'), 'start');
      const results = await Promise.allSettled(
        ['first writer', 'second writer!'].map((text) =>
          files.save(at('contended'), text, { type: 'version', version }),
        ),
      );
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    test('an upload goes on after a cut at the byte where it stopped, and shows only when it is whole', async () => {
      const bytes = Buffer.alloc(3_000_000, 'The quick brown fox jumps over the lazy dog. ');
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const upload = { uploadId: '0123456789abcdef0123456789abcdef', path: at('uploaded') };
      const begin = { ...upload, size: bytes.length, expect: { type: 'nothing' } };
      expect(await files.ask('uploadBegin', begin)).toEqual({ offset: 0 });
      const cut = await files.start('uploadBytes', { [FILE_HEADER.request]: header({ ...upload, offset: 0 }) });
      cut.write(bytes.subarray(0, 1_000_000));
      const name = `.netpilot-${upload.uploadId}.part`;
      const size = async () => Number(await sh(`wc -c < ${name}`));
      for (let tries = 0; (await size()) < 500_000; tries++) expect(tries).toBeLessThan(2_000);
      cancel(cut);
      expect(await sh(`ls -l ${name} | cut -c1-10; ls uploaded 2>/dev/null; :`)).toBe('-rw-------\n');
      const { offset } = (await files.ask('uploadBegin', begin)) as { offset: number };
      expect(offset % 65_536).toBe(0);
      expect(
        await refusal(files.send('uploadBytes', { ...upload, offset: offset + 65_536 * 40 }, Buffer.alloc(1))),
      ).toBe('offset_mismatch');
      const stream = await files.start('uploadBytes', { [FILE_HEADER.request]: header({ ...upload, offset }) });
      inPieces(bytes.subarray(offset), 50_000).pipe(stream);
      stream.resume();
      await new Promise((resolve) => stream.once('close', resolve));
      const finish = { ...begin, sha256, mode: null };
      expect(await refusal(files.ask('uploadFinish', { ...finish, sha256: '0'.repeat(64) }))).toBe('checksum_mismatch');
      expect(await refusal(files.ask('uploadFinish', { ...finish, size: 5 }))).toBe('offset_mismatch');
      expect(await sh('ls uploaded 2>/dev/null; :')).toBe('');
      expect(await files.ask('uploadFinish', finish)).toMatchObject({ size: bytes.length, mode: 0o644 });
      expect(
        createHash('sha256')
          .update(await sh('cat uploaded'), 'latin1')
          .digest('hex'),
      ).toBe(sha256);
      await files.ask('uploadBegin', { ...begin, path: at('other') });
      await files.ask('uploadAbort', { ...upload, path: at('other') });
      expect(await leftovers()).toMatch(/^\s*0\n$/u);
      expect(await refusal(files.ask('uploadBegin', { ...begin, path: at('huge'), size: 2 ** 52 }))).toBe('no_space');
    });

    test('finds names below a folder, in any case, and stops at its limit', async () => {
      await sh(
        'mkdir -p tree/a/b "tree/new\nline" && touch tree/a/Needle.txt tree/a/b/xneedlex "tree/new\nline/NEEDLE" "tree/a/[needle]" tree/other && ln -s a tree/needle-link',
      );
      const { found, limited } = await files.search(at('tree'), 'needle');
      const names = found.map(({ folder, entry }) => `${folder.slice(root.length)}/${entry.name.text}`).sort();
      expect(names).toEqual(
        [
          '/tree/a/Needle.txt',
          '/tree/a/[needle]',
          '/tree/a/b/xneedlex',
          '/tree/needle-link',
          '/tree/new\nline/NEEDLE',
        ].sort(),
      );
      expect(limited).toBe(false);
      expect((await files.search(at('tree'), '[needle]')).found).toHaveLength(1);
      expect((await files.search(at('tree'), '*')).found).toHaveLength(0);
      expect(await files.search(at('tree'), 'needle', 2)).toMatchObject({ limited: true, found: { length: 2 } });
      expect(await refusal(files.search(at('nothing'), 'x'))).toBe('vanished');
    });

    test('follows a file as it grows, and leaves nothing behind', async () => {
      await sh('printf "one\\ntwo\\n" > log');
      const stream = await files.open('follow', { path: at('log'), back: 4 });
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await until('the last line', () => text === 'two\n');
      await sh('echo three >> log');
      await until('the new line', () => text === 'two\nthree\n');
      cancel(stream);
      const tails = () => machine().run(`(ps -ef 2>/dev/null || ps w) | grep "[t]ail .*${root}/log" | wc -l; :`);
      for (let tries = 0; Number(await tails()) > 0; tries++) expect(tries).toBeLessThan(500);
    });

    test('a folder comes as a tar archive', async () => {
      await sh(
        'mkdir -p "pack/sub dir" && printf one > pack/one && printf two > "pack/sub dir/-two" && ln -s one pack/link && chmod 711 pack/one && printf x > pack/$(printf %0120d 1)',
      );
      const { bytes, end, head } = await files.tar(at('pack'));
      expect(end).toMatchObject({ outcome: 'complete', bytes: bytes.length, problem: null });
      expect(head).toMatchObject({ length: null, stat: { type: 'folder' } });
      const unpacked = await entriesOf(bytes);
      expect(unpacked).toMatchObject({
        './pack/': { type: 'directory' },
        './pack/one': { mode: 0o711, text: 'one' },
        './pack/sub dir/-two': { text: 'two' },
        './pack/link': { type: 'symlink', linkname: 'one' },
      });
      expect(Object.keys(unpacked)).toHaveLength(6);
      expect(await refusal(files.tar(at('nothing')))).toBe('vanished');
    });

    test('an archive is put below a folder, and nothing of it anywhere else', async () => {
      await sh(
        'mkdir -p target/there elsewhere && printf old > target/there/file && printf keep > target/kept && ln -s ../elsewhere target/way-out',
      );
      const unpack = (entries: readonly ArchiveEntry[], path = at('target')) =>
        archiveOf(entries).then((bytes) => files.send('unpack', { path }, bytes));
      const good = [
        { name: 'new folder/', type: 'directory' },
        { name: 'new folder/-x', content: 'one', mode: 0o4755 },
        { name: './there/file', content: 'new' },
        { name: 'deep/er/file\n', content: 'three', mode: 0o600 },
      ] as const;
      expect(await unpack(good)).toEqual({ files: 3, folders: 1, bytes: 11 });
      expect(
        await sh(
          'cat target/kept target/there/file "target/new folder/-x"; ls -l target/new*/-x | cut -c1-10; ls -l target/deep/er | grep -c "^-rw-------"',
        ),
      ).toBe('keepnewone-rwxr-xr-x\n1\n');
      for (const name of ['../escaped', '/tmp/escaped', 'a/../../escaped', `${'x'.repeat(256)}`]) {
        expect(
          await refusal(
            unpack([
              { name: 'before', content: 'x' },
              { name, content: 'x' },
            ]),
          ),
        ).toBe('unsafe_name');
      }
      expect(await refusal(unpack([{ name: 'l', type: 'symlink', linkname: '/etc' }]))).toBe('unsafe_name');
      expect(await refusal(unpack([{ name: 'h', type: 'link', linkname: 'kept' }]))).toBe('unsafe_name');
      expect(await refusal(unpack([{ name: 'way-out/escaped', content: 'x' }]))).toBe('unsafe_name');
      expect(await refusal(unpack([{ name: 'there', content: 'x' }]))).toBe('is_directory');
      expect(await refusal(unpack(good, at('target/kept')))).toBe('not_directory');
      expect(
        await refusal(files.send('unpack', { path: at('target') }, (await archiveOf(good)).subarray(0, 1_300))),
      ).toBe('failed');
      expect(await sh('ls elsewhere; find . -name "*escaped*"; cat target/kept')).toBe('keep');
      expect(await leftovers()).toMatch(/^\s*0\n$/u);
    });

    test('says how much room there is', async () => {
      const space = (await files.ask('space', { path: root })) as { total: number; available: number };
      expect(space.total).toBeGreaterThan(1_000_000);
      expect(space.available).toBeLessThanOrEqual(space.total);
    });

    test('nothing is left over, and no name ran', async () => {
      expect(await leftovers()).toMatch(/^\s*0\n$/u);
      expect(await sh('find . -name "*pwned*" -not -name "*touch*" | wc -l')).toMatch(/^\s*0\n$/u);
    });
  });
}

/** A machine with a folder that is there while the machine is. */
async function withFolder(start: () => Promise<TestMachine>, folder: string): Promise<TestMachine> {
  const machine = await start();
  await machine.run(`mkdir ${folder}`);
  const stop = async () => {
    try {
      await machine.run(`chmod -R 700 ${folder}; rm -rf ${folder}`);
    } finally {
      await machine.stop();
    }
  };
  return { ...machine, stop };
}

interface Unpacked {
  type: string | null | undefined;
  mode: number | undefined;
  linkname: string | null | undefined;
  text: string;
}

async function entriesOf(archive: Buffer): Promise<Record<string, Unpacked>> {
  const all: Record<string, Unpacked> = {};
  const reader = extract();
  reader.end(archive);
  for await (const entry of reader) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    const { name, type, mode, linkname } = entry.header;
    all[name] = { type, mode, linkname, text: Buffer.concat(parts).toString() };
  }
  return all;
}

const execute = promisify(execFile);

/** Runs a script of this machine's own shell. */
export async function runHere(script: string, input?: Buffer): Promise<Buffer> {
  const work = execute('/bin/sh', ['-c', script], { encoding: 'buffer', timeout: 60_000, maxBuffer: 64 * 1_048_576 });
  work.child.stdin?.end(input);
  return (await work).stdout;
}
