import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ProblemError } from '../errors.ts';
import type { OpenFiles } from './file-desk.ts';
import { type UploadServices, Uploads } from './uploads.ts';

const ID = 'a'.repeat(32);
const HOUR_MS = 3_600_000;
const upload = { path: '/tmp/image', size: 10, expect: { type: 'nothing' } } as const;

/** What the trail says of the upload. */
let trail: { action: string; details: Record<string, unknown> }[];
/** What the router has been asked to take away. */
let removed: object[];
/** The sums that the router was asked to find. */
let asked: string[];
/** What taking away comes to. */
let removal: () => Promise<void>;
let uploads: Uploads;
let open: OpenFiles;

beforeEach(() => {
  jest.useFakeTimers();
  [trail, removed, asked, removal] = [[], [], [], async () => undefined];
  const passage = { signal: new AbortController().signal, take: () => undefined, end: async () => undefined };
  const files = {
    uploadBegin: async () => ({ offset: 0 }),
    uploadBytes: async (_at: object, body: Readable) => {
      let offset = 0;
      for await (const chunk of body) offset += (chunk as Buffer).length;
      return { offset };
    },
    // A router that agrees with everybody.
    uploadFinish: async ({ sha256 }: { sha256: string }) => {
      asked.push(sha256);
      return {};
    },
    uploadAbort: async (ref: object) => {
      removed.push(ref);
      await removal();
    },
  };
  const session = { identity: { id: 's', organisationId: 'o', routerName: 'Attic' }, link: { files } };
  open = { session, actor: { userId: 'u' }, files } as unknown as OpenFiles;
  uploads = new Uploads({
    passages: { begin: async () => passage },
    watch: { watch: () => () => undefined },
    audit: { record: async (entry: (typeof trail)[number]) => void trail.push(entry) },
    log: { warn: () => undefined },
  } as unknown as UploadServices);
});
afterEach(async () => {
  await uploads.close();
  jest.useRealTimers();
});

const ends = () =>
  trail.filter(({ action }) => action === 'file_transfer_ended').map(({ details }) => [details.result, details.reason]);
const piece = (offset: number) =>
  uploads.bytes(open, { uploadId: ID, path: upload.path, offset }, Readable.from([Buffer.alloc(4)]), 4);

test('an upload that nobody goes on with for hours leaves the router, and the trail says so', async () => {
  await uploads.start(open, { ...upload, uploadId: ID });
  await jest.advanceTimersByTimeAsync(3 * HOUR_MS);
  await piece(0);
  await jest.advanceTimersByTimeAsync(3 * HOUR_MS);
  expect(removed).toEqual([]);
  await jest.advanceTimersByTimeAsync(2 * HOUR_MS);
  expect(removed).toEqual([{ uploadId: ID, path: upload.path }]);
  expect(ends()).toEqual([['cut', 'idle']]);
  await expect(piece(4)).rejects.toMatchObject({ code: 'not_found' });
});

test('while the router is away its rest waits there; a router that refuses is not asked again', async () => {
  await uploads.start(open, { ...upload, uploadId: ID });
  removal = () => Promise.reject(new ProblemError('session_not_live'));
  await jest.advanceTimersByTimeAsync(5 * HOUR_MS);
  expect(removed.length).toBeGreaterThan(1);
  expect(ends()).toEqual([]);
  removal = () => Promise.reject(new ProblemError('file_read_only'));
  const before = removed.length;
  await jest.advanceTimersByTimeAsync(HOUR_MS);
  expect(removed).toHaveLength(before + 1);
  expect(ends()).toEqual([['failed', 'file_read_only']]);
});

test('whoever goes on at that moment begins at the first byte, as an upload of its own', async () => {
  let done = () => {};
  removal = () => new Promise((resolve) => (done = resolve));
  await uploads.start(open, { ...upload, uploadId: ID });
  await jest.advanceTimersByTimeAsync(4 * HOUR_MS + 60_000);
  const late = expect(piece(0)).rejects.toMatchObject({ code: 'not_found' });
  const again = uploads.start(open, { ...upload, uploadId: ID });
  await jest.advanceTimersByTimeAsync(1);
  done();
  await late;
  expect(await again).toEqual({ uploadId: ID, offset: 0 });
  expect(await piece(0)).toEqual({ offset: 0 });
  expect(trail.map(({ action }) => action)).toEqual([
    'file_transfer_started',
    'file_transfer_ended',
    'file_transfer_started',
  ]);
});

test('the sum on record is of bytes that were seen here, whatever a router says', async () => {
  const { path, size, expect: expected } = upload;
  const finish = (bytes: Buffer) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return uploads.finish(open, ID, { path, size, expect: expected, sha256, mode: null });
  };
  const whole = Buffer.from('0123456789');
  const send = (offset: number) =>
    uploads.bytes(open, { uploadId: ID, path, offset }, Readable.from([whole.subarray(offset)]), null);
  const sums = () => trail.map(({ details }) => details.sha256).filter((sum) => sum !== undefined);

  await uploads.start(open, { ...upload, uploadId: ID });
  await send(0);
  await expect(finish(Buffer.from('9876543210'))).rejects.toMatchObject({ code: 'file_checksum_mismatch' });
  expect(asked).toEqual([]);
  expect(ends()).toEqual([['failed', 'file_checksum_mismatch']]);

  await uploads.start(open, { ...upload, uploadId: ID });
  await send(0);
  await finish(whole);
  const sum = createHash('sha256').update(whole).digest('hex');
  expect(asked).toEqual([sum]);
  expect(sums()).toEqual([sum, sum]);
});
