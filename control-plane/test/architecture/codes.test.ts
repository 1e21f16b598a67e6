import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderCodes } from './codes.ts';
import { REPOSITORY } from './sources.ts';

test('docs/CODES.md says what the table of problems says', () => {
  expect(readFileSync(join(REPOSITORY, 'docs/CODES.md'), 'utf8')).toBe(renderCodes());
});
