import { Duplex, PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { RouterChannel } from '../ssh/router-connection.ts';
import { OperationFailure } from './problem.ts';
import { Runner } from './runner.ts';

/** A command's channel without a router: it hears what is written and says what the test wants. */
class FakeChannel extends Duplex {
  readonly stderr = new PassThrough();
  heard = '';
  wasClosed = false;
  sawEnd = false;

  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.heard += chunk.toString();
    done();
  }
  override _final(done: () => void): void {
    this.sawEnd = true;
    done();
  }
  signal(): void {}
  close(): void {
    this.wasClosed = true;
    this.emit('close');
  }
  /** The command ends. */
  exit(code: number): void {
    this.emit('exit', code);
    setImmediate(() => this.close());
  }
}

function runnerWith(play: (channel: FakeChannel, command: string) => void, alive = true) {
  const giveUp = new AbortController();
  const channels: FakeChannel[] = [];
  const connection = {
    alive,
    openExec(command: string) {
      const channel = new FakeChannel();
      channels.push(channel);
      setImmediate(() => play(channel, command));
      return Promise.resolve(channel as unknown as RouterChannel);
    },
  };
  return { runner: new Runner(connection, giveUp.signal), giveUp, channels };
}

const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => null,
    (error: unknown) => (error instanceof OperationFailure ? error.problem.code : error),
  );

test('a trip gives input, takes output as it comes, and is counted', async () => {
  const pieces: string[] = [];
  const { runner, channels } = runnerWith((channel) => {
    channel.push('one ');
    channel.push('two');
    channel.stderr.write('warned');
    setImmediate(() => channel.exit(3));
  });
  const answer = await runner.run('cat', { input: Buffer.from('given'), onOutput: (text) => pieces.push(text) });
  expect(answer).toEqual({ stdout: 'one two', stderr: 'warned', exitCode: 3 });
  expect(pieces.join('')).toBe('one two');
  expect(channels[0]?.heard).toBe('given');
  expect(runner.roundTrips).toBe(1);
});

test('a command sees the end of its input at once, or not before it is over', async () => {
  const saw: boolean[] = [];
  const { runner } = runnerWith((channel) => {
    saw.push(channel.sawEnd);
    channel.exit(0);
  });
  await runner.run('cat');
  await runner.run('read -r _', { holdsInput: true });
  expect(saw).toEqual([true, false]);
});

test('a connection that is gone is told as that, and no answer is made of what came before', async () => {
  const { runner } = runnerWith((channel) => {
    channel.push('half an ans');
    setImmediate(() => channel.close());
  }, false);
  expect(await failure(runner.run('status'))).toBe('connection_lost');
});

test('an answer that was cut is no answer', async () => {
  const { runner } = runnerWith((channel, command) => {
    channel.push(`\n@${/ ([0-9a-f]{16}) /u.exec(command)?.[1]} one\nhalf`);
    setImmediate(() => channel.exit(0));
  });
  expect(await failure(runner.gather({ one: 'true', two: 'true' }))).toBe('router_said');
});

test('giving up closes what runs, says why, and starts nothing more', async () => {
  const { runner, giveUp, channels } = runnerWith(() => giveUp.abort());
  expect(await failure(runner.run('sleep 100'))).toBe('connection_lost');
  expect(channels[0]?.wasClosed).toBe(true);
  expect(await failure(runner.run('true'))).toBe('connection_lost');
  expect(channels).toHaveLength(1);

  const late = runnerWith(() => late.giveUp.abort(new OperationFailure({ code: 'timed_out', detail: 'late' })));
  expect(await failure(late.runner.run('sleep 100'))).toBe('timed_out');
});

test('a command over its time is ended', async () => {
  const { runner, channels } = runnerWith(() => undefined);
  expect(await failure(runner.run('sleep 100', { timeoutSeconds: 0.05 }))).toBe('timed_out');
  expect(channels[0]?.wasClosed).toBe(true);
});

test('more than can be taken is refused', async () => {
  const { runner } = runnerWith((channel) => {
    channel.push(Buffer.alloc(5 * 1_048_576));
  });
  expect(await failure(runner.run('cat /dev/zero'))).toBe('router_said');
});
