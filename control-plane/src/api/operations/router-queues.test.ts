import { describe, expect, test } from '@jest/globals';
import { ProblemError } from '../errors.ts';
import { RouterQueues } from './router-queues.ts';

const stay = () => new AbortController().signal;

/** Work that ends when it is told to. */
function task(log: string[], name: string) {
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const work = async () => {
    log.push(name);
    await ended;
    return name;
  };
  return { work, end };
}

type Task = ReturnType<typeof task>;

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the line of a router', () => {
  test('changes run one after the other, in the order they came', async () => {
    const queues = new RouterQueues();
    const log: string[] = [];
    const tasks = ['one', 'two', 'three'].map((name) => task(log, name));
    const done = tasks.map(({ work }) => queues.run('a', 'change', stay(), work));
    const other = queues.run('b', 'change', stay(), async () => log.push('other'));
    await other;
    expect(log).toEqual(['one', 'other']);
    expect(queues.changesAhead('a')).toBe(3);
    for (const each of tasks) {
      each.end();
      await settle();
    }
    expect(await Promise.all(done)).toEqual(['one', 'two', 'three']);
    expect(log).toEqual(['one', 'other', 'two', 'three']);
    expect(queues.changesAhead('a')).toBe(0);
  });

  test('reads do not wait for a change, and run side by side up to a bound', async () => {
    const queues = new RouterQueues();
    const log: string[] = [];
    const change = task(log, 'change');
    const reads = Array.from({ length: 6 }, (_, at) => task(log, `read ${at}`));
    const done = [
      queues.run('a', 'change', stay(), change.work),
      ...reads.map(({ work }) => queues.run('a', 'read', stay(), work)),
    ];
    await settle();
    expect(log).toEqual(['change', 'read 0', 'read 1', 'read 2', 'read 3']);
    for (const each of [change, ...reads]) each.end();
    await Promise.all(done);
  });

  test('a read knows whether a change was at work meanwhile', async () => {
    const queues = new RouterQueues();
    const known: Record<string, boolean> = {};
    const reading = (name: string, read: { work: () => Promise<string> }) =>
      queues.run('a', 'read', stay(), async (turn) => {
        await read.work();
        known[name] = turn.undisturbed();
      });
    const [alone, before, during, behind, change] = ['alone', 'before', 'during', 'behind', 'change'].map((name) =>
      task([], name),
    ) as [Task, Task, Task, Task, Task];
    const done: Promise<unknown>[] = [reading('alone', alone)];
    alone.end();
    await Promise.all(done);
    done.push(reading('before', before), queues.run('a', 'change', stay(), change.work));
    done.push(reading('during', during));
    await settle();
    during.end();
    change.end();
    await settle();
    done.push(reading('behind', behind));
    before.end();
    behind.end();
    await Promise.all(done);
    expect(known).toEqual({ alone: true, before: false, during: false, behind: true });
  });

  test('who leaves while waiting loses the place, who has begun is not cut short by the line', async () => {
    const queues = new RouterQueues();
    const log: string[] = [];
    const first = task(log, 'first');
    const third = task(log, 'third');
    const [one, two] = [new AbortController(), new AbortController()];
    const begun = queues.run('a', 'change', one.signal, first.work);
    const left = queues.run('a', 'change', two.signal, task(log, 'second').work);
    const last = queues.run('a', 'change', stay(), third.work);
    two.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    one.abort(new Error('too late'));
    first.end();
    third.end();
    expect(await begun).toBe('first');
    await last;
    expect(log).toEqual(['first', 'third']);
  });

  test('the line is bounded', async () => {
    const queues = new RouterQueues();
    const first = task([], 'first');
    const done = Array.from({ length: 33 }, () => queues.run('a', 'change', stay(), first.work));
    await expect(queues.run('a', 'change', stay(), first.work)).rejects.toThrow(ProblemError);
    first.end();
    await Promise.all(done);
    await queues.run('a', 'change', stay(), first.work);
  });
});
