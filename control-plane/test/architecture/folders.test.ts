import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSources, REPOSITORY, sourceFolders } from './sources.ts';

/** Names that say nothing about what is inside. */
const SAYS_NOTHING = /(^|[/-])(utils?|helpers?|misc|common|manager)(\.|-|\/|$)/u;

describe('folders and files', () => {
  test('the top level is the one that was agreed on', () => {
    const visible = readdirSync(REPOSITORY).filter(
      (name) => !name.startsWith('.') && name !== 'node_modules' && name !== 'coverage',
    );
    expect(visible.sort()).toEqual(
      [
        'Dockerfile.session',
        'README.md',
        'compose',
        'control-plane',
        'db',
        'docs',
        'jest.config.ts',
        'package-lock.json',
        'package.json',
        'session-image',
        'tsconfig.json',
        'web',
      ].sort(),
    );
  });

  test('files are kebab-case and named for what they hold', () => {
    const names = readSources().map((source) => source.path);
    expect(names.filter((path) => !/^([a-z0-9-]+\/)*[a-z0-9-]+(\.[a-z]+)*\.(ts|tsx|mjs)$/u.test(path))).toEqual([]);
    expect(names.filter((path) => SAYS_NOTHING.test(path))).toEqual([]);
  });

  test('every folder of three or more sources opens with a README', () => {
    const counts = new Map<string, number>();
    for (const source of readSources().filter((each) => !each.isTest)) {
      const folder = source.path.replace(/\/[^/]+$/u, '');
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    const silent = sourceFolders().filter(
      (folder) => (counts.get(folder) ?? 0) >= 3 && !existsSync(join(REPOSITORY, folder, 'README.md')),
    );
    expect(silent).toEqual([]);
  });
});
