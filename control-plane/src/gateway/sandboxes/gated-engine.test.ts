import { beforeEach, describe, expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { EngineVersions } from './engine-version.ts';
import { GatedEngine, type VersionedEngine } from './gated-engine.ts';

const spec = { sandboxId: 'a', instance: 'b', imageId: 'c', directory: 'd' };
let lines: { level: number; escapes?: string[] }[];
let started: number;
let versions: EngineVersions;

beforeEach(() => {
  [lines, started, versions] = [[], 0, { engine: '27.1.1', runtime: '1.1.5+ds1' }];
});

function gated(refuse: boolean): GatedEngine {
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()));
      done();
    },
  });
  const engine: VersionedEngine = {
    versions: async () => versions,
    version: async () => versions.engine,
    ping: async () => {},
    imageId: async () => null,
    start: async () => `container ${(started += 1)}`,
    remove: async () => {},
    list: async () => [],
    exitOf: async () => null,
    watch: async () => () => {},
  };
  return new GatedEngine(engine, { refuse, log: pino(sink) });
}
const meet = (engine: GatedEngine) =>
  engine.watch(
    'b',
    () => {},
    () => {},
  );

describe('the gate in front of the engine', () => {
  test('warns once of a runtime with known escapes, and again of another one', async () => {
    const engine = gated(false);
    await meet(engine);
    await meet(engine);
    expect(lines).toMatchObject([{ level: 40, escapes: ['CVE-2024-21626', 'CVE-2025-31133'] }]);
    versions = { engine: '27.1.1', runtime: '1.2.7' };
    await meet(engine);
    expect(lines).toMatchObject([{}, { level: 40, escapes: ['CVE-2025-31133'] }]);
    expect(await engine.start(spec)).toBe('container 1');
  });

  test('starts nothing on such a runtime when it is told to', async () => {
    const engine = gated(true);
    await expect(engine.start(spec)).rejects.toMatchObject({ code: 'engine_unavailable' });
    expect(started).toBe(0);
    versions = { engine: '27.1.1', runtime: '1.2.8' };
    expect(await engine.start(spec)).toBe('container 1');
    expect(lines).toMatchObject([{ level: 40, refused: true }, { level: 30 }]);
  });

  test('takes a runtime that says nothing for an open one', async () => {
    versions = { engine: '27.1.1', runtime: null };
    await expect(gated(true).start(spec)).rejects.toMatchObject({ code: 'engine_unavailable' });
  });
});
