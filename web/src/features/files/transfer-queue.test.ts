import { afterAll, beforeEach, expect, test } from '@jest/globals';
import type { TransferNews, TransferOrder } from './transfer-job.ts';
import { TransferQueue } from './transfer-queue.ts';
import { UnfinishedUploads } from './unfinished-uploads.ts';

/** Takes orders and is told by the test what to say. */
class FakeWorker extends EventTarget {
  static all: FakeWorker[] = [];
  readonly orders: TransferOrder[] = [];
  ended = false;

  constructor() {
    super();
    FakeWorker.all.push(this);
  }
  postMessage(order: TransferOrder): void {
    this.orders.push(order);
  }
  terminate(): void {
    this.ended = true;
  }
  say(data: TransferNews): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

const real = globalThis.Worker;
globalThis.Worker = FakeWorker as unknown as typeof Worker;
afterAll(() => {
  globalThis.Worker = real;
});

const USER = '11111111-1111-4111-8111-111111111111';
const ROUTER = '22222222-2222-4222-8222-222222222222';
const ID = 'a'.repeat(32);
let stored: string | null;
const queueOf = (session: string) => {
  const storage = { getItem: () => stored, setItem: (_key: string, value: string) => void (stored = value) };
  return new TransferQueue(session, new UnfinishedUploads(storage, USER, ROUTER));
};
const file = new File(['content'], 'image.bin', { lastModified: 1_000 });
const job = { type: 'upload', path: '/tmp/image.bin', file, expect: { type: 'nothing' } } as const;
const worker = () => FakeWorker.all.at(-1) ?? new FakeWorker();
const states = (queue: TransferQueue) => queue.snapshot().map(({ state }) => state);

beforeEach(() => {
  FakeWorker.all = [];
  stored = null;
});

test('an upload of a page that is gone is named to the next one, which goes on with it when the same file is given', () => {
  const gone = queueOf('s1');
  gone.add('image.bin', job);
  worker().say({ type: 'begun', uploadId: ID });
  expect(gone.interrupted()).toEqual([]);

  const next = queueOf('s2');
  expect(next.interrupted()).toMatchObject([{ uploadId: ID, path: '/tmp/image.bin', name: 'image.bin', size: 7 }]);
  next.add('other', { ...job, file: new File(['changed'], 'image.bin', { lastModified: 2_000 }) });
  expect(worker().orders[0]).not.toHaveProperty('job.uploadId');
  next.add('image.bin', job);
  expect(worker().orders).toMatchObject([{ type: 'run', sessionId: 's2', job: { uploadId: ID } }]);
  expect(next.interrupted()).toEqual([]);
  worker().say({ type: 'begun', uploadId: ID });
  worker().say({ type: 'done', sha256: 'f'.repeat(64) });
  expect(queueOf('s3').interrupted()).toEqual([]);
});

test('an upload that was begun anew is remembered by its new name only, and one that was given up not at all', () => {
  const queue = queueOf('s1');
  queue.add('image.bin', job);
  worker().say({ type: 'begun', uploadId: ID });
  worker().say({ type: 'begun', uploadId: 'b'.repeat(32) });
  expect(queueOf('s2').interrupted()).toMatchObject([{ uploadId: 'b'.repeat(32) }]);
  queue.remove(1);
  expect(worker().orders.at(-1)).toEqual({ type: 'give_up' });
  worker().say({ type: 'gone' });
  expect(worker().ended).toBe(true);
  expect(queueOf('s2').interrupted()).toEqual([]);
});

test('the end of a session stops what moves and says so; what an upload left waits for the next session', () => {
  const queue = queueOf('s1');
  for (let index = 0; index < 5; index += 1) queue.add(`file-${index}`, { ...job, path: `/tmp/${index}` });
  expect(states(queue)).toEqual(['running', 'running', 'running', 'waiting', 'waiting']);
  FakeWorker.all[0]?.say({ type: 'begun', uploadId: ID });
  FakeWorker.all[1]?.say({ type: 'done', sha256: null });
  expect(queue.busy).toBe(true);
  queue.end();
  expect(states(queue)).toEqual(['failed', 'done', 'failed', 'failed', 'failed']);
  expect(queue.snapshot()[0]?.error).toMatchObject({ problem: { code: 'session_over' } });
  expect(FakeWorker.all.every(({ ended }) => ended)).toBe(true);
  expect(queue.busy).toBe(false);
  queue.clear();
  expect(queueOf('s2').interrupted()).toMatchObject([{ uploadId: ID }]);
});

test('a transfer waits while the line is away and is busy all the while; a paused one is not', () => {
  const queue = queueOf('s1');
  queue.add('image.bin', job);
  worker().say({ type: 'progress', moved: 3, total: 7 });
  worker().say({ type: 'waiting' });
  expect([states(queue), queue.busy]).toEqual([['offline'], true]);
  queue.pause(1);
  worker().say({ type: 'paused' });
  expect([states(queue), queue.busy]).toEqual([['paused'], false]);
});
