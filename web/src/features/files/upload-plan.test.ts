import { expect, test } from '@jest/globals';
import type { Chosen } from './chosen-files.ts';
import { planUpload } from './upload-plan.ts';

const file = (path: string, size = 1): Chosen => ({
  path: path.split('/'),
  file: new File([new Uint8Array(size)], path.split('/').at(-1) ?? ''),
});
const expect_ = { type: 'nothing' } as const;

test('single files go one by one', () => {
  const { first, after } = planUpload('/tmp', [file('a'), file('b', 1_000_000)], expect_);
  expect(first.map(({ name, job }) => [name, job.type, job.path])).toEqual([
    ['a', 'upload', '/tmp/a'],
    ['b', 'upload', '/tmp/b'],
  ]);
  expect(after).toEqual([]);
});

test('a folder goes as archives, its large files when the folders are there', async () => {
  const chosen = [
    { path: ['site', 'empty'], file: null },
    file('site/index.html', 100),
    file('site/img/big.png', 1_000_000),
    ...Array.from({ length: 600 }, (_, at) => file(`site/small/${at}`)),
  ];
  const { first, after } = planUpload('/www', chosen, expect_);
  expect(first.map(({ name, job }) => [name, job.type, job.path])).toEqual([
    ['site (part 1 of 2)', 'unpack', '/www'],
    ['site (part 2 of 2)', 'unpack', '/www'],
  ]);
  expect(after.map(({ job }) => [job.type, job.path])).toEqual([['upload', '/www/site/img/big.png']]);
  const [{ job } = { job: null }] = first;
  const archive = job?.type === 'unpack' ? Buffer.from(await job.tar.arrayBuffer()).toString('latin1') : '';
  for (const folder of ['site/\0', 'site/empty/\0', 'site/img/\0', 'site/small/\0']) expect(archive).toContain(folder);
});

test('names that no folder can hold are refused before anything is sent', () => {
  const { first, refused } = planUpload('/tmp', [file('ok'), { path: ['..', 'x'], file: new File([], 'x') }], expect_);
  expect(first.map(({ name }) => name)).toEqual(['ok']);
  expect(refused).toEqual(['../x']);
});
