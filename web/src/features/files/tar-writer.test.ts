import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type TarMember, packTar } from './tar-writer.ts';

/** What GNU tar finds in it: names as bytes, and contents. */
async function read(archive: Blob): Promise<[string, string, string][]> {
  const directory = mkdtempSync(join(tmpdir(), 'np-tar-'));
  try {
    const input = Buffer.from(await archive.arrayBuffer());
    execFileSync('tar', ['-x', '-C', directory], { input, timeout: 60_000 });
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .map((entry): [string, string, string] => {
        const path = join(entry.parentPath, entry.name);
        const content = entry.isFile() ? readFileSync(path, 'utf8') : '';
        return [relative(directory, path), entry.isFile() ? 'file' : 'folder', content];
      })
      .sort(([one], [other]) => (one < other ? -1 : 1));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const file = (path: readonly string[], content: string): TarMember => ({
  path,
  content: new Blob([content]),
  modifiedAt: Date.UTC(2026, 0, 1),
});

test('another reader finds in the archive what went in', async () => {
  const long = `${'ü'.repeat(60)}.txt`;
  const archive = packTar([
    { path: ['site'], content: null, modifiedAt: 0 },
    file(['site', 'index.html'], '<p>hello</p>'),
    file(['site', 'empty'], ''),
    file(['site', 'block'], 'x'.repeat(512)),
    file(['site', '-rf\n"$(id)"'], 'odd'),
    file(['site', long], 'long'),
  ]);
  expect(archive.size % 512).toBe(0);
  expect(await read(archive)).toEqual([
    ['site', 'folder', ''],
    ['site/-rf\n"$(id)"', 'file', 'odd'],
    ['site/block', 'file', 'x'.repeat(512)],
    ['site/empty', 'file', ''],
    ['site/index.html', 'file', '<p>hello</p>'],
    [`site/${long}`, 'file', 'long'],
  ]);
});

test('a name of any length around the edge of its field is kept', async () => {
  for (let length = 96; length < 104; length += 1) {
    const name = 'n'.repeat(length);
    expect(await read(packTar([file([name], String(length))]))).toEqual([[name, 'file', String(length)]]);
  }
});
