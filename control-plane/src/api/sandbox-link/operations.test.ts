import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ServerHttp2Stream } from 'node:http2';
import * as fc from 'fast-check';
import { runs } from '../../../test/properties.ts';
import { ProblemError } from '../errors.ts';
import { AnsweringAgent } from './answering-agent.ts';
import { OperationError, runOperation } from './operations.ts';

let agent: AnsweringAgent;

beforeAll(async () => {
  agent = await AnsweringAgent.start();
});
afterAll(() => agent.close());

const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const says = (status: number, body: string | Buffer) => (stream: ServerHttp2Stream) => {
  stream.resume();
  stream.respond({ ':status': status });
  stream.end(body);
};
const RESULT = { type: 'result', output: { items: ['File /etc/config/netpilot'] }, roundTrips: 1, milliseconds: 12 };
const read = () => runOperation(agent.session, 'reset.preview', {});

describe('an operation', () => {
  test('tells of its progress and gives its checked result', async () => {
    const seen: string[] = [];
    agent.answer = says(200, lines({ type: 'progress', stage: 'Looking', percent: null }, RESULT));
    const done = await runOperation(
      agent.session,
      'reset.preview',
      {},
      { onProgress: ({ stage }) => seen.push(stage) },
    );
    expect(done).toEqual({ output: RESULT.output, roundTrips: 1, milliseconds: 12 });
    expect(seen).toEqual(['Looking']);
  });

  test('that has no result throws what the router made of it', async () => {
    const problem = { code: 'needs_package', detail: 'Blocks need nftables.', packages: ['nftables-json'] };
    agent.answer = says(200, lines({ type: 'problem', problem }));
    await expect(read()).rejects.toMatchObject({ name: 'OperationError', problem });
  });

  test('that the agent refuses throws its problem', async () => {
    agent.answer = says(409, JSON.stringify({ code: 'not_connected', detail: 'x' }));
    await expect(read()).rejects.toMatchObject({ code: 'session_not_live' });
  });

  test('is given up with its signal, and its stream with it', async () => {
    let closed = () => undefined as void;
    const over = new Promise<void>((resolve) => (closed = resolve));
    const giveUp = new AbortController();
    agent.answer = (stream) => {
      stream.once('close', closed);
      stream.respond({ ':status': 200 });
      giveUp.abort();
    };
    await expect(runOperation(agent.session, 'reset.preview', {}, { signal: giveUp.signal })).rejects.toBeInstanceOf(
      ProblemError,
    );
    await over;
  });

  test('fails cleanly at anything that is not the contract', async () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(`${json}\n`)),
      fc.json().map((json) => Buffer.from(lines({ ...RESULT, output: JSON.parse(json) as unknown }))),
      fc.nat(lines(RESULT).length - 2).map((at) => Buffer.from(lines(RESULT).slice(0, at))),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(200, 400, 500), body, async (status, bytes) => {
        agent.answer = says(status, bytes);
        const error: unknown = await read().then(
          () => null,
          (thrown: unknown) => thrown,
        );
        expect(error instanceof ProblemError || error instanceof OperationError).toBe(true);
      }),
      { numRuns: runs(150) },
    );
  });
});
