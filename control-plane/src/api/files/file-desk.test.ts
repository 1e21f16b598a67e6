import { expect, test } from '@jest/globals';
import { ProblemError } from '../errors.ts';
import { whileLive } from './file-desk.ts';

const broken = new ProblemError('sandbox_failed');
const vanished = new ProblemError('file_vanished');

test.each([
  ['a broken link of a session that is live', false, broken, broken],
  ['a broken link of a session that has ended', true, broken, new ProblemError('session_over')],
  ['what the router said before the session ended', true, vanished, vanished],
])('%s is told as what it is', async (_what, isOver, thrown, told) => {
  const over = new AbortController();
  const work = whileLive({ session: { over: over.signal } }, Promise.reject(thrown));
  if (isOver) over.abort(new ProblemError('session_over'));
  await expect(work).rejects.toMatchObject({ code: told.code });
});

test('an answer of a session that has ended meanwhile is an answer', async () => {
  const session = { over: AbortSignal.abort(new ProblemError('session_over')) };
  await expect(whileLive({ session }, Promise.resolve('a file'))).resolves.toBe('a file');
});
