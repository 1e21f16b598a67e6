import { expect, test } from '@jest/globals';
import { UPLOAD_BLOCK, type FileUploadEnd, type FileUploadStart } from '@netpilot/control-plane/contract/file-api.ts';
import { PROBLEMS, type ProblemCode } from '@netpilot/control-plane/contract/problems.ts';
import { createHash } from 'node:crypto';
import { ProblemError, UnreachableError } from '../../api/problem.ts';
import type { FileCalls } from './file-calls.ts';
import { Upload } from './upload-job.ts';

const problem = (code: ProblemCode) => new ProblemError({ type: 'about:blank', ...PROBLEMS[code], code });
const CONTENT = Buffer.alloc(3_000_000, 'The quick brown fox jumps over the lazy dog. ');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** The parts of a router's side that an upload meets. `cutAt` breaks the line once, when so many bytes have arrived. */
class Router {
  readonly parts = new Map<string, Buffer>();
  readonly files = new Map<string, Buffer>();
  received = 0;
  cutAt = Infinity;

  readonly calls = {
    startUpload: async ({ size, uploadId = `id-${this.parts.size}` }: FileUploadStart) => {
      const part = this.parts.get(uploadId) ?? Buffer.alloc(0);
      this.parts.set(uploadId, part);
      return { uploadId, offset: part.length === size ? size : part.length - (part.length % UPLOAD_BLOCK) };
    },
    sendPiece: async (uploadId: string, _path: string, offset: number, piece: Blob) => {
      const part = this.parts.get(uploadId) ?? Buffer.alloc(0);
      if (offset > part.length) throw problem('file_offset_mismatch');
      const bytes = Buffer.from(await piece.arrayBuffer());
      const arrived = bytes.subarray(0, Math.max(0, this.cutAt - offset));
      this.parts.set(uploadId, Buffer.concat([part.subarray(0, offset), arrived]));
      this.received += arrived.length;
      if (arrived.length === bytes.length) return { offset: offset + bytes.length };
      this.cutAt = Infinity;
      throw new UnreachableError('the line is cut');
    },
    finishUpload: async (uploadId: string, { path, sha256: sum }: FileUploadEnd) => {
      const part = this.parts.get(uploadId) ?? Buffer.alloc(0);
      if (sha256(part) !== sum) throw problem('file_checksum_mismatch');
      this.files.set(path, part);
      this.parts.delete(uploadId);
    },
    abortUpload: async (uploadId: string) => void this.parts.delete(uploadId),
  } as unknown as FileCalls;
}

const begun: string[] = [];
const quiet = { moved: () => undefined, verifying: () => undefined, begun: (id: string) => void begun.push(id) };
const { signal } = new AbortController();
const uploadOf = (uploadId?: string) =>
  new Upload({
    type: 'upload',
    path: '/tmp/image',
    file: new File([CONTENT], 'image'),
    expect: { type: 'nothing' },
    ...(uploadId === undefined ? {} : { uploadId }),
  });

test('after a cut only what did not arrive is sent again', async () => {
  const router = new Router();
  router.cutAt = 1_500_000;
  const upload = uploadOf();
  await expect(upload.run(router.calls, signal, quiet)).rejects.toThrow(UnreachableError);
  expect(await upload.run(router.calls, signal, quiet)).toBe(sha256(CONTENT));
  expect(router.files.get('/tmp/image')?.equals(CONTENT)).toBe(true);
  expect(router.received).toBeLessThan(CONTENT.length + UPLOAD_BLOCK);
});

test('another page goes on with what an earlier one began, and sums the whole file all the same', async () => {
  const router = new Router();
  router.cutAt = 2_000_000;
  await expect(uploadOf().run(router.calls, signal, quiet)).rejects.toThrow(UnreachableError);
  const before = router.received;
  expect(await uploadOf(begun.at(-1)).run(router.calls, signal, quiet)).toBe(sha256(CONTENT));
  expect(router.received - before).toBeLessThan(CONTENT.length - 2_000_000 + UPLOAD_BLOCK);
  expect(router.files.get('/tmp/image')?.equals(CONTENT)).toBe(true);
});

test('what arrived of another file is never put in place: the upload begins anew', async () => {
  const router = new Router();
  router.parts.set('other', Buffer.alloc(1_048_576, 'x'));
  const upload = uploadOf('other');
  await expect(upload.run(router.calls, signal, quiet)).rejects.toMatchObject({
    problem: { code: 'file_checksum_mismatch' },
  });
  expect([router.files.size, router.parts.has('other')]).toEqual([0, false]);
  expect(await upload.run(router.calls, signal, quiet)).toBe(sha256(CONTENT));
  expect(router.files.get('/tmp/image')?.equals(CONTENT)).toBe(true);
});

test('an upload that another session still has is begun as a new one', async () => {
  const router = new Router();
  const { startUpload } = router.calls;
  const calls = {
    ...router.calls,
    startUpload: async (start: FileUploadStart) => {
      if (start.uploadId === 'held') throw problem('not_found');
      return startUpload(start);
    },
  };
  await uploadOf('held').run(calls, signal, quiet);
  expect(router.files.get('/tmp/image')?.equals(CONTENT)).toBe(true);
});
