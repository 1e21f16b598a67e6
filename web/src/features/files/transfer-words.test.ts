import { expect, test } from '@jest/globals';
import { PROBLEMS } from '@netpilot/control-plane/contract/problems.ts';
import { ProblemError } from '../../api/problem.ts';
import type { TransferView } from './transfer-queue.ts';
import { stateWords } from './transfer-words.ts';

const view = (more: Partial<TransferView>): TransferView => ({
  id: 1,
  kind: 'upload',
  name: 'image.bin',
  state: 'running',
  moved: 1_048_576,
  total: 4_194_304,
  rate: null,
  error: null,
  sha256: null,
  pausable: true,
  ...more,
});
const problem = new ProblemError({
  type: 'about:blank',
  ...PROBLEMS.file_no_space,
  code: 'file_no_space',
  detail: 'No space left on device',
});

test.each([
  [view({}), '1.0 MiB of 4.0 MiB'],
  [view({ rate: 1_048_576 }), '1.0 MiB of 4.0 MiB · 1.0 MiB/s · 3 s left'],
  [view({ rate: 1_048_576, total: null }), '1.0 MiB · 1.0 MiB/s'],
  [view({ state: 'paused' }), 'Paused at 1.0 MiB of 4.0 MiB'],
  [view({ state: 'offline' }), '1.0 MiB of 4.0 MiB · the line is away, goes on by itself'],
  [view({ state: 'done', sha256: 'a'.repeat(64) }), '1.0 MiB · verified, SHA-256 aaaaaaaaaaaa…'],
  [view({ state: 'failed', error: problem }), 'The router has no space left for this: No space left on device'],
])('says how far it is', (shown, words) => expect(stateWords(shown)).toBe(words));
