import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type UnfinishedUpload, UnfinishedUploads, isSameFile } from './unfinished-uploads.ts';

const ALICE = '11111111-1111-4111-8111-111111111111';
const BOB = '22222222-2222-4222-8222-222222222222';
const ATTIC = '33333333-3333-4333-8333-333333333333';
const CELLAR = '44444444-4444-4444-8444-444444444444';

function storage(content: string | null = null) {
  const held = {
    content,
    getItem: () => held.content,
    setItem: (_key: string, value: string) => (held.content = value),
  };
  return held as typeof held & Pick<Storage, 'getItem' | 'setItem'>;
}
const upload = (index: number): Omit<UnfinishedUpload, 'userId' | 'routerId'> => ({
  uploadId: index.toString(16).padStart(32, '0'),
  path: `/tmp/file-${index}`,
  name: `file-${index}`,
  size: 3,
  modifiedAt: 1_000,
  expect: { type: 'nothing' },
});
const ids = (uploads: UnfinishedUploads) => uploads.list().map(({ path }) => path);

test('what is kept is there for the next page, and only for the same person and router', () => {
  const tab = storage();
  new UnfinishedUploads(tab, ALICE, ATTIC).keep(upload(1));
  expect(ids(new UnfinishedUploads(tab, ALICE, ATTIC))).toEqual(['/tmp/file-1']);
  for (const [user, router] of [
    [BOB, ATTIC],
    [ALICE, CELLAR],
  ] as const) {
    const other = new UnfinishedUploads(tab, user, router);
    expect(ids(other)).toEqual([]);
    other.forget(upload(1).uploadId);
  }
  const again = new UnfinishedUploads(tab, ALICE, ATTIC);
  expect(ids(again)).toEqual(['/tmp/file-1']);
  again.forget(upload(1).uploadId);
  expect(ids(again)).toEqual([]);
});

test('no more than fifty are kept, the newest', () => {
  const uploads = new UnfinishedUploads(storage(), ALICE, ATTIC);
  for (let index = 0; index < 60; index += 1) uploads.keep(upload(index));
  uploads.keep(upload(59));
  expect(ids(uploads)).toEqual(Array.from({ length: 50 }, (_, at) => `/tmp/file-${at + 10}`));
});

test('what is stored by others is nothing, and storage that refuses is no failure', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
      const uploads = new UnfinishedUploads(storage(content), ALICE, ATTIC);
      expect(uploads.list()).toEqual([]);
      uploads.keep(upload(1));
      expect(ids(uploads)).toEqual(['/tmp/file-1']);
    }),
  );
  const refuse = () => {
    throw new Error('the quota is used up');
  };
  const uploads = new UnfinishedUploads({ getItem: () => null, setItem: refuse }, ALICE, ATTIC);
  expect(() => uploads.keep(upload(1))).not.toThrow();
});

test('a file is the same by name, size and time', () => {
  const kept = { ...upload(1), userId: ALICE, routerId: ATTIC, name: 'site/img/big.png' };
  const file = (name: string, content: string, lastModified: number) => new File([content], name, { lastModified });
  expect(isSameFile(kept, file('big.png', 'abc', 1_000))).toBe(true);
  for (const other of [file('big.pn', 'abc', 1_000), file('big.png', 'abcd', 1_000), file('big.png', 'abc', 1_001)]) {
    expect(isSameFile(kept, other)).toBe(false);
  }
});
