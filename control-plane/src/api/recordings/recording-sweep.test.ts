import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Recording as RecordingRow } from '@netpilot/db/models/recording.ts';
import type { RecordingSource } from './recording-source.ts';
import { RecordingSweep, type RecordingSweepOptions } from './recording-sweep.ts';

const HOUR_MS = 3_600_000;
/** Rows that one question to the rows of the test answers. */
const AT_ONCE = 2;

const rowOf = (id: string) => ({ id, startedAt: new Date(0), userName: 'Alice', routerName: 'edge' }) as RecordingRow;

describe('the sweep of recordings', () => {
  /** Recordings that are old enough, files that nobody knows, recordings without an end. */
  let old: string[];
  let unknown: string[];
  let abandoned: string[];
  /** Recordings that wait for the bucket, and what was told of it. */
  let spooled: string[];
  let told: [string, string][];
  /** What cannot be worked on. */
  let stuck: Set<string>;
  /** Milliseconds that a deletion takes. */
  let slowness: number;
  let log: string[];
  let sweep: RecordingSweep;

  const take = async (from: string[], id: string) => {
    jest.setSystemTime(Date.now() + slowness);
    if (stuck.has(id)) throw new Error('it is held');
    from.splice(from.indexOf(id), 1);
  };
  const logged = (level: string) => (about: object) =>
    log.push(`${level} ${(about as { recordingId?: string }).recordingId}`);

  beforeEach(() => {
    jest.useFakeTimers();
    [old, unknown, abandoned, spooled, told, stuck, slowness, log] = [[], [], [], [], [], new Set(), 0, []];
    const source = { close: async () => {} } as RecordingSource;
    const options: RecordingSweepOptions = {
      rows: {
        abandoned: async () => abandoned.map(rowOf),
        ended: async () => {},
        expired: async (_now, except) =>
          old
            .filter((id) => !except.includes(id))
            .slice(0, AT_ONCE)
            .map(rowOf),
        known: async () => new Set(),
        moved: ({ id }) => take(spooled, id),
        spooled: async (except) => spooled.filter((id) => !except.includes(id)).map(rowOf),
      },
      directory: {
        olderThan: async function* () {
          yield* unknown.map(rowOf);
        },
        remove: async ({ id }) => (unknown.includes(id) ? take(unknown, id) : undefined),
      },
      // The files of 'elsewhere' are in the directory of another process.
      library: { open: async ({ id }) => (id === 'elsewhere' ? null : source), remove: ({ id }) => take(old, id) },
      store: { finalise: ({ id }) => take(abandoned, id).then(() => true) },
      bucket: {
        put: async (id) => {
          if (stuck.has(id) || stuck.has('the bucket')) throw new Error('it is away');
        },
      },
      audit: { record: async ({ action, subjectId }) => void told.push([action, subjectId ?? '']) },
      log: { info: logged('info'), warn: logged('warn'), error: logged('error') },
    };
    sweep = new RecordingSweep(options);
  });
  afterEach(async () => {
    await sweep.close();
    jest.useRealTimers();
  });

  test('a deletion that fails is told, holds no other one up, and is tried again', async () => {
    old = ['held', 'also held', 'one', 'two', 'three'];
    unknown = ['lost and held', 'lost'];
    stuck = new Set(['held', 'also held', 'lost and held']);
    sweep.start();
    await jest.advanceTimersByTimeAsync(1);
    expect([old, unknown]).toEqual([['held', 'also held'], ['lost and held']]);
    expect(log).toEqual(['error held', 'error also held', 'error lost and held', 'info lost']);
    stuck.clear();
    await jest.advanceTimersByTimeAsync(HOUR_MS + 20_000);
    expect([old, unknown]).toEqual([[], []]);
  });

  test('a recording that cannot be ended holds no other one up', async () => {
    abandoned = ['held', 'one'];
    stuck = new Set(['held']);
    sweep.start();
    await jest.advanceTimersByTimeAsync(1);
    expect([abandoned, log]).toEqual([['held'], ['error held']]);
    stuck.clear();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(abandoned).toEqual([]);
  });

  test('a recording that cannot be moved holds no other one up, and is told until it is moved', async () => {
    spooled = ['held', 'elsewhere', 'one', 'two'];
    stuck = new Set(['held']);
    sweep.start();
    await jest.advanceTimersByTimeAsync(1);
    expect(spooled).toEqual(['held', 'elsewhere']);
    for (const next of ['three', 'four']) {
      spooled.push(next);
      await jest.advanceTimersByTimeAsync(30_000);
    }
    expect(spooled).toEqual(['held', 'elsewhere']);
    expect(told).toEqual([['recording_upload_failed', 'held']]);
    stuck.clear();
    await jest.advanceTimersByTimeAsync(40_000);
    expect(spooled).toEqual(['elsewhere']);
    expect(told.slice(1)).toEqual([['recording_upload_resumed', 'held']]);
  });

  test('a bucket that is away is not asked for each of many recordings in every round', async () => {
    spooled = Array.from({ length: 20 }, (_, index) => `recording ${index}`);
    stuck = new Set(['the bucket']);
    sweep.start();
    await jest.advanceTimersByTimeAsync(1);
    expect(log).toHaveLength(3);
    await jest.advanceTimersByTimeAsync(200_000);
    expect(log.length).toBeLessThan(70);
    expect(told).toEqual([['recording_upload_failed', 'recording 0']]);
    stuck.clear();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(spooled).toEqual([]);
    expect(told.slice(1)).toEqual([['recording_upload_resumed', 'recording 0']]);
  });

  test('deletions that take long let the other work of a round have its turn, and go on behind it', async () => {
    old = ['one', 'two', 'three', 'four'];
    slowness = 25_000;
    sweep.start();
    await jest.advanceTimersByTimeAsync(1);
    expect(old).toEqual(['four']);
    abandoned = ['ended meanwhile'];
    slowness = 0;
    await jest.advanceTimersByTimeAsync(10_000);
    expect([abandoned, old]).toEqual([[], []]);
  });
});
