import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** Where a path of the document begins, by its first folder. */
const BASES: Readonly<Record<string, string>> = {
  attacks: 'control-plane/test',
  scenarios: 'control-plane/test',
  survival: 'control-plane/test',
  architecture: 'control-plane/test',
  src: 'control-plane',
  contract: 'control-plane',
};

/** Whether a path of the document, with at most one `*` in its last part, leads to a file. */
function exists(path: string): boolean {
  const whole = join(ROOT, BASES[path.split('/')[0] ?? ''] ?? '.', path);
  const [before = '', after] = basename(whole).split('*');
  try {
    return readdirSync(dirname(whole)).some((name) =>
      after === undefined ? name === before : name.startsWith(before) && name.endsWith(after),
    );
  } catch {
    return false;
  }
}

test('every promise of docs/SECURITY.md names a test, and every file that it names exists', () => {
  const text = readFileSync(join(ROOT, 'docs', 'SECURITY.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && line.includes('.ts`'));
  expect(rows.length).toBeGreaterThan(30);
  const named = [...text.matchAll(/`([\w./*-]+\.tsx?)`/gu)].map(([, path = '']) => path);
  expect(named.filter((path) => !exists(path))).toEqual([]);
  const promises = text.slice(text.indexOf('## Promises'), text.indexOf('## Not promised'));
  const without = promises
    .split('\n')
    .filter((line) => /^\| [A-Z]/u.test(line) && !/\.(test|integration|browser)\.tsx?`/u.test(line));
  expect(without).toEqual([]);
});
