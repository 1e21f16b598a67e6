import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { archiveOf, refused } from './files-client.ts';
import { runHere } from './files-conformance.ts';
import { demoRouter } from './files-demo-router.ts';
import { useFiles } from './files-session.ts';
import type { TestMachine } from './files-session.ts';
import { SFTP_ALONE, startSshd } from './sshd.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const execute = promisify(execFile);
const command = async (file: string, ...words: string[]) => (await execute(file, words, { timeout: 60_000 })).stdout;

interface SmallDisk extends TestMachine {
  /** A file system of its own, a few MB in memory. */
  readonly disk: string;
  remount(how: 'ro' | 'rw'): Promise<unknown>;
}

/** A router of BusyBox whose disk is what OpenWrt has: a little of its own over what came with the firmware. */
async function busyBox(): Promise<SmallDisk> {
  const machine = await demoRouter();
  const disk = '/disk';
  try {
    const pid = (await command('docker', 'inspect', '-f', '{{.State.Pid}}', machine.containerId)).trim();
    // No container may mount; whoever started it can.
    const mount = (script: string) => command('nsenter', '-t', pid, '-m', '-p', '/bin/ash', '-ec', script);
    await mount(`mkdir ${disk} /firmware /upper
mount -t tmpfs -o size=8m tmpfs /upper
mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/firmware,upperdir=/upper/files,workdir=/upper/work overlay ${disk}`);
    return { ...machine, disk, remount: (how) => mount(`mount -o remount,${how} ${disk}`) };
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

/** An SFTP server that says of a full or read-only disk no more than that it failed. */
async function sftpAlone(): Promise<SmallDisk> {
  const disk = await mkdtemp(join(tmpdir(), 'netpilot-full-'));
  await command('mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk);
  const gone = async () => {
    await command('umount', disk);
    await rm(disk, { recursive: true });
  };
  try {
    const server = await startSshd(SFTP_ALONE);
    const stop = async () => {
      await server.stop();
      await gone();
    };
    const remount: SmallDisk['remount'] = (how) => command('mount', '-o', `remount,${how}`, disk);
    return { ssh: server, target: server.port, run: runHere, stop, disk, remount };
  } catch (error) {
    await gone();
    throw error;
  }
}

describe.each([
  {
    name: 'with BusyBox',
    start: busyBox,
    full: 'No space left on device',
    readOnly: 'Read-only file system',
    unpacked: 'old text',
  },
  // An archive is put in place as a whole by commands only; without them each of its files is.
  {
    name: 'with SFTP alone',
    start: sftpAlone,
    full: 'Failure',
    readOnly: 'Failure',
    unpacked: 'from the archive',
  },
])('a router $name whose disk is full or read-only', ({ start, full, readOnly, unpacked }) => {
  const { files, machine, sh, at } = useFiles(start, ({ disk }) => disk);

  beforeEach(async () => {
    await sh('rm -rf ./* ./.netpilot-*');
  });

  /** Leaves so many KB free. */
  const fill = (left: number) =>
    sh(
      `free=$(df -Pk . | awk 'END{print $4}'); dd if=/dev/zero of=fill bs=1024 count=$((free - ${left})) 2>/dev/null; df -Pk . | awk 'END{print $4}'`,
    );
  const all = async () => (await sh('find . -mindepth 1 | sort')).split('\n').filter((name) => name !== '');
  const uploadOf = (name: string, bytes: Buffer) => {
    const ref = { uploadId: sha256(Buffer.from(name)).slice(0, 32), path: at(name) };
    const begin = { ...ref, size: bytes.length, expect: { type: 'anything' } };
    return {
      begin: () => files.ask('uploadBegin', begin) as Promise<{ offset: number }>,
      send: (offset: number, end?: number) =>
        files.send('uploadBytes', { ...ref, offset }, bytes.subarray(offset, end)),
      finish: () => files.ask('uploadFinish', { ...begin, sha256: sha256(bytes), mode: null }),
      part: `./.netpilot-${ref.uploadId}.part`,
    };
  };

  test('what cannot fit is refused before its first byte, and leaves nothing', async () => {
    await fill(600);
    const { begin } = uploadOf('image', randomBytes(1_000_000));
    expect(await refused(begin())).toMatchObject({
      file: 'no_space',
      message: expect.stringMatching(/\d (?:B|KiB|MiB) are free/u),
    });
    expect(await all()).toEqual(['./fill']);
  });

  test('a disk that fills up meanwhile: nothing stands half written, and the upload goes on when there is room', async () => {
    await sh('printf old > image');
    await fill(600);
    const bytes = randomBytes(500_000);
    const upload = uploadOf('image', bytes);
    expect(await upload.begin()).toEqual({ offset: 0 });
    await sh('dd if=/dev/zero of=other bs=1024 count=300 2>/dev/null');
    expect(await refused(upload.send(0))).toMatchObject({
      file: 'no_space',
      message: expect.stringContaining(full),
    });
    expect(await sh('cat image')).toBe('old');
    expect(await refused(upload.finish())).toMatchObject({ file: 'offset_mismatch' });
    expect(await sh('cat image')).toBe('old');
    await sh('rm other');
    const { offset } = await upload.begin();
    expect([offset > 0, offset % 65_536]).toEqual([true, 0]);
    await upload.send(offset);
    await upload.finish();
    expect(await sh('sha256sum < image')).toContain(sha256(bytes));
    expect(await all()).toEqual(['./fill', './image']);
  });

  test('of a save, a copy and an archive that do not fit nothing is half there', async () => {
    await sh('printf "old text" > config; mkdir tree; dd if=/dev/zero of=tree/half bs=1024 count=300 2>/dev/null');
    await fill(100);
    const before = await all();
    expect(await refused(files.save(at('config'), randomBytes(200_000)))).toMatchObject({ file: 'no_space' });
    const copy = { type: 'copy', path: at('tree'), to: at('copied'), replace: false } as const;
    expect(await refused(files.change(copy))).toMatchObject({ file: 'no_space' });
    const archive = await archiveOf([
      { name: 'config', content: 'from the archive' },
      { name: 'large', content: randomBytes(200_000) },
    ]);
    expect(await refused(files.send('unpack', { path: machine().disk }, archive))).toMatchObject({
      file: 'no_space',
    });
    expect(await sh('cat config')).toBe(unpacked);
    expect(await all()).toEqual(before);
  });

  test('with nothing left at all one can still look, and delete', async () => {
    await sh('printf old > config');
    await fill(0);
    expect(await refused(files.save(at('config'), 'longer than nothing'))).toMatchObject({ file: 'no_space' });
    expect(await sh('cat config')).toBe('old');
    expect((await files.list(machine().disk)).entries.map(({ name }) => name.text).sort()).toEqual(['config', 'fill']);
    expect((await files.read(at('config'))).bytes.toString()).toBe('old');
    await files.change({ type: 'delete', path: at('fill'), recursive: false });
    await files.save(at('config'), 'new');
    expect(await all()).toEqual(['./config']);
    expect(await sh('cat config')).toBe('new');
  });

  test('read-only, it says so of every change, makes none, and can still be read', async () => {
    await sh('printf "old text" > config; mkdir folder empty; printf x > folder/file; ln -s config link');
    const bytes = randomBytes(300_000);
    const upload = uploadOf('image', bytes);
    await upload.begin();
    await upload.send(0, 131_072);
    const before = await all();
    const state = await sh('ls -lR .');
    await machine().remount('ro');
    try {
      const [path, to] = [at('config'), at('moved')];
      const archive = await archiveOf([{ name: 'unpacked', content: 'x' }]);
      for (const [what, work] of Object.entries({
        save: () => files.save(path, 'new text'),
        'save through a link': () => files.save(at('link'), 'new text'),
        'save what is new': () => files.save(at('new'), 'new text'),
        'begin an upload': () => uploadOf('other', bytes).begin(),
        'go on with an upload': () => upload.send(131_072),
        'begin anew': () => upload.begin().then(({ offset }) => upload.send(offset)),
        unpack: () => files.send('unpack', { path: machine().disk }, archive),
        'create a file': () => files.change({ type: 'create_file', path: at('new') }),
        'create a folder': () => files.change({ type: 'create_folder', path: at('new') }),
        rename: () => files.change({ type: 'rename', path, to, replace: false }),
        'copy a file': () => files.change({ type: 'copy', path, to, replace: false }),
        'copy a folder': () => files.change({ type: 'copy', path: at('folder'), to, replace: false }),
        chmod: () => files.change({ type: 'chmod', path, mode: 0o600 }),
        'delete a file': () => files.change({ type: 'delete', path, recursive: false }),
        'delete an empty folder': () => files.change({ type: 'delete', path: at('empty'), recursive: false }),
        'delete a folder': () => files.change({ type: 'delete', path: at('folder'), recursive: true }),
      })) {
        const { file, message } = await refused(work());
        expect({ what, file, message }).toEqual({
          what,
          file: 'read_only',
          message: expect.stringContaining(readOnly),
        });
      }
      expect([await all(), await sh('ls -lR .')]).toEqual([before, state]);
      expect((await files.read(path)).bytes.toString()).toBe('old text');
      expect((await files.list(machine().disk)).entries).toHaveLength(5);
    } finally {
      await machine().remount('rw');
    }
    await upload.begin().then(({ offset }) => upload.send(offset));
    await upload.finish();
    expect(await sh('sha256sum < image')).toContain(sha256(bytes));
  });
});
