import { expect, test } from '@jest/globals';
import { FIRST_PIECE, nextPieceSize } from './piece-size.ts';

test('pieces grow on a fast line and shrink on a slow one, within bounds', () => {
  expect(nextPieceSize(FIRST_PIECE, 10)).toBe(2 * FIRST_PIECE);
  expect(nextPieceSize(FIRST_PIECE, 3_000)).toBe(FIRST_PIECE);
  expect(nextPieceSize(FIRST_PIECE, 60_000)).toBe(FIRST_PIECE / 2);
  expect(nextPieceSize(FIRST_PIECE, 2_345) % 65_536).toBe(0);
  let size = FIRST_PIECE;
  for (let round = 0; round < 20; round += 1) size = nextPieceSize(size, 0);
  expect(size).toBe(67_108_864);
  for (let round = 0; round < 20; round += 1) size = nextPieceSize(size, 100_000);
  expect(size).toBe(524_288);
});
