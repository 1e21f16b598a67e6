import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { claim, keep, preparePlaces } from './places.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'places-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the state directory', () => {
  test('keeps its name', async () => {
    const { instance } = await preparePlaces(directory);
    expect(instance).toMatch(/^local-[0-9a-f]{8}$/u);
    expect((await preparePlaces(directory)).instance).toBe(instance);
  });

  test('makes a secret once, for its owner only', async () => {
    const file = join(directory, 'secret');
    expect(await keep(file, () => 'one')).toBe('one');
    expect(await keep(file, () => 'two')).toBe('one');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('is held by one process, which the second is told about', async () => {
    const release = await claim(directory, 'http://localhost:8080');
    await expect(claim(directory, 'http://localhost:1')).rejects.toThrow(
      `running already at http://localhost:8080 (process ${process.pid})`,
    );
    await release();
    await (
      await claim(directory, 'http://localhost:8080')
    )();
  });

  test.each([
    ['of a process that is gone', JSON.stringify({ pid: 4_194_305, startedAt: '1', address: 'x' })],
    ['of another process with the same number', JSON.stringify({ pid: process.pid, startedAt: '1', address: 'x' })],
    ['that is half written', '{"pid":'],
  ])('is taken over from a note %s', async (_what, note) => {
    await writeFile(join(directory, 'running.json'), note);
    const release = await claim(directory, 'http://localhost:8080');
    expect(JSON.parse(await readFile(join(directory, 'running.json'), 'utf8'))).toMatchObject({ pid: process.pid });
    await release();
  });
});
