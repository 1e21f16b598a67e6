import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pack } from 'tar-stream';
import { Refused } from './files-client.ts';
import type { FilesClient } from './files-client.ts';
import { runHere } from './files-conformance.ts';
import { demoRouter } from './files-demo-router.ts';
import { openFiles } from './files-session.ts';
import type { FilesSession, TestMachine } from './files-session.ts';
import { SFTP_ALONE, startSshd } from './sshd.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface SmallDisk extends TestMachine {
  /** A file system of its own, a few MB in memory. */
  readonly disk: string;
}

/** A router of BusyBox; Docker gives each container a file system in memory. */
async function busyBox(): Promise<SmallDisk> {
  return { ...(await demoRouter()), disk: '/dev/shm' };
}

/** An SFTP server that says of a full disk no more than that it failed. */
async function sftpAlone(): Promise<SmallDisk> {
  const disk = await mkdtemp(join(tmpdir(), 'netpilot-full-'));
  const run = promisify(execFile);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
  const gone = async () => {
    await run('umount', [disk]);
    await rm(disk, { recursive: true });
  };
  try {
    const server = await startSshd(SFTP_ALONE);
    const stop = async () => {
      await server.stop();
      await gone();
    };
    return { ssh: server, target: server.port, run: runHere, stop, disk };
  } catch (error) {
    await gone();
    throw error;
  }
}

describe.each([
  { name: 'with BusyBox', start: busyBox, words: 'No space left on device', unpacked: 'old text' },
  // An archive is put in place as a whole by commands only; without them each of its files is.
  { name: 'with SFTP alone', start: sftpAlone, words: 'Failure', unpacked: 'from the archive' },
])('a router $name whose disk is full', ({ start, words, unpacked }) => {
  let disk: string;
  let machine: TestMachine;
  let session: FilesSession;
  let files: FilesClient;

  beforeAll(async () => {
    const small = await start();
    machine = small;
    disk = small.disk;
    session = await openFiles(machine);
    files = session.files;
  });
  afterAll(async () => {
    try {
      await session?.close();
    } finally {
      await machine?.stop();
    }
  });
  beforeEach(async () => {
    await sh('rm -rf ./* ./.netpilot-*');
  });

  const sh = async (script: string) => (await machine.run(`cd ${disk} || exit 1\n${script}`)).toString();
  /** Leaves so many KB free. */
  const fill = (left: number) =>
    sh(
      `free=$(df -Pk . | awk 'END{print $4}'); dd if=/dev/zero of=fill bs=1024 count=$((free - ${left})) 2>/dev/null; df -Pk . | awk 'END{print $4}'`,
    );
  const at = (name: string) => `${disk}/${name}`;
  const all = async () => (await sh('find . -mindepth 1 | sort')).split('\n').filter((name) => name !== '');
  const refusal = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof Refused)) throw error ?? new Error('nothing was refused');
    return error;
  };
  const uploadOf = (name: string, bytes: Buffer) => {
    const ref = { uploadId: sha256(Buffer.from(name)).slice(0, 32), path: at(name) };
    const begin = { ...ref, size: bytes.length, expect: { type: 'anything' } };
    return {
      begin: () => files.ask('uploadBegin', begin) as Promise<{ offset: number }>,
      send: (offset: number) => files.send('uploadBytes', { ...ref, offset }, bytes.subarray(offset)),
      finish: () => files.ask('uploadFinish', { ...begin, sha256: sha256(bytes), mode: null }),
      part: `./.netpilot-${ref.uploadId}.part`,
    };
  };

  test('what cannot fit is refused before its first byte, and leaves nothing', async () => {
    await fill(600);
    const { begin } = uploadOf('image', randomBytes(1_000_000));
    expect(await refusal(begin())).toMatchObject({
      file: 'no_space',
      message: expect.stringMatching(/\d bytes are free/u),
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
    expect(await refusal(upload.send(0))).toMatchObject({
      file: 'no_space',
      message: expect.stringContaining(words),
    });
    expect(await sh('cat image')).toBe('old');
    expect(await refusal(upload.finish())).toMatchObject({ file: 'offset_mismatch' });
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
    expect(await refusal(files.save(at('config'), randomBytes(200_000)))).toMatchObject({ file: 'no_space' });
    const copy = { type: 'copy', path: at('tree'), to: at('copied'), replace: false } as const;
    expect(await refusal(files.change(copy))).toMatchObject({ file: 'no_space' });
    const archive = pack();
    archive.entry({ name: 'config' }, 'from the archive');
    archive.entry({ name: 'large' }, randomBytes(200_000));
    archive.finalize();
    const parts: Buffer[] = [];
    for await (const part of archive) parts.push(part as Buffer);
    expect(await refusal(files.send('unpack', { path: disk }, Buffer.concat(parts)))).toMatchObject({
      file: 'no_space',
    });
    expect(await sh('cat config')).toBe(unpacked);
    expect(await all()).toEqual(before);
  });

  test('with nothing left at all one can still look, and delete', async () => {
    await sh('printf old > config');
    await fill(0);
    expect(await refusal(files.save(at('config'), 'longer than nothing'))).toMatchObject({ file: 'no_space' });
    expect(await sh('cat config')).toBe('old');
    expect((await files.list(disk)).entries.map(({ name }) => name.text).sort()).toEqual(['config', 'fill']);
    expect((await files.read(at('config'))).bytes.toString()).toBe('old');
    await files.change({ type: 'delete', path: at('fill'), recursive: false });
    await files.save(at('config'), 'new');
    expect(await all()).toEqual(['./config']);
    expect(await sh('cat config')).toBe('new');
  });
});
