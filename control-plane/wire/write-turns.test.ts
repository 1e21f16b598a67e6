import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { writeInTurns } from './write-turns.ts';

/** A socket, and what left it at once. */
function collect() {
  const left: string[][] = [];
  const socket = writeInTurns(
    new Writable({
      decodeStrings: false,
      writev(chunks, done) {
        left.push(chunks.map(({ chunk }) => chunk as string));
        done();
      },
    }),
  );
  return { socket, left };
}

test('what is written in one turn leaves together and in order, and what is written later in the next', async () => {
  const { socket, left } = collect();
  socket.write('a');
  socket.write('b');
  await Promise.resolve();
  socket.write('c');
  expect(left).toEqual([]);
  await turn();
  expect(left).toEqual([['a', 'b', 'c']]);
  socket.write('d');
  await turn();
  expect(left).toEqual([['a', 'b', 'c'], ['d']]);
});

test('an end does not wait for the turn, and loses nothing', async () => {
  const { socket, left } = collect();
  socket.write('a');
  socket.end('b');
  await new Promise((resolve) => socket.once('finish', resolve));
  expect(left).toEqual([['a', 'b']]);
});

test('a writer hears of a full socket as before', async () => {
  const { socket } = collect();
  expect(socket.write('x'.repeat(socket.writableHighWaterMark))).toBe(false);
  await new Promise((resolve) => socket.once('drain', resolve));
});

test('a socket that is destroyed in its turn stays so', async () => {
  const { socket, left } = collect();
  socket.on('error', () => undefined);
  socket.write('a');
  socket.destroy();
  socket.write('b');
  await turn();
  expect(left).toEqual([]);
});
