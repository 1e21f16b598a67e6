import { expect, test } from '@jest/globals';
import { ProblemError } from '../errors.ts';
import { whileLive } from './while-live.ts';

const broken = new ProblemError('sandbox_failed');
const vanished = new ProblemError('file_vanished');

test.each([
  ['a broken link of a session that is live', false, broken, broken],
  ['a broken link of a session that has ended', true, broken, new ProblemError('session_over')],
  [
    'a way to the router that went with its session',
    true,
    new ProblemError('session_not_live'),
    new ProblemError('session_over'),
  ],
  ['what the router said before the session ended', true, vanished, vanished],
])('%s is told as what it is', async (_what, isOver, thrown, told) => {
  const over = new AbortController();
  const work = whileLive({ over: over.signal }, Promise.reject(thrown));
  if (isOver) over.abort(new ProblemError('session_over'));
  await expect(work).rejects.toMatchObject({ code: told.code });
});

test('an answer of a session that has ended meanwhile is an answer', async () => {
  const over = AbortSignal.abort(new ProblemError('session_over'));
  await expect(whileLive({ over }, Promise.resolve('a file'))).resolves.toBe('a file');
});
