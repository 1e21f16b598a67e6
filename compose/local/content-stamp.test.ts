import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { contentHash, unlessUnchanged } from './content-stamp.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stamp-'));
  await mkdir(join(root, 'src/node_modules'), { recursive: true });
  await writeFile(join(root, 'src/a.ts'), 'a');
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('work that is done once', () => {
  test('the hash follows names and contents, not what npm installs', async () => {
    const first = await contentHash(root, ['src', 'missing']);
    await writeFile(join(root, 'src/node_modules/b.ts'), 'b');
    expect(await contentHash(root, ['src', 'missing'])).toBe(first);
    await writeFile(join(root, 'src/a.ts'), 'aa');
    expect(await contentHash(root, ['src', 'missing'])).not.toBe(first);
  });

  test('is done again when the content changed or the product is gone, and after a failure', async () => {
    const product = join(root, 'product');
    let made = 0;
    const make = async () => {
      made += 1;
      await writeFile(product, 'x');
    };
    const run = (content: string) => unlessUnchanged({ stamp: join(root, 'stamps/one'), content, product }, make);
    await expect(
      unlessUnchanged({ stamp: join(root, 'stamps/one'), content: '1', product }, () =>
        Promise.reject(new Error('no')),
      ),
    ).rejects.toThrow('no');
    expect(await run('1')).toBe(true);
    expect(await run('1')).toBe(false);
    expect(await run('2')).toBe(true);
    await rm(product);
    expect(await run('2')).toBe(true);
    expect(made).toBe(3);
  });
});
