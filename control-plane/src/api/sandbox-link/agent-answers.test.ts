import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { AgentStatus, ConnectionReport, MAX_AGENT_LINE } from '../../../contract/agent.ts';
import { runs } from '../../../test/properties.ts';
import { ProblemError } from '../errors.ts';
import { problemOf, requestJson } from './agent-request.ts';
import { AnsweringAgent } from './answering-agent.ts';

/** Codes that an agent's words may become; none of them blames or signs out the person. */
const CODES = new Set([
  'invalid_request',
  'not_found',
  'session_not_live',
  'too_many_terminals',
  'router_refused',
  'exec_timeout',
  'sandbox_failed',
]);

describe('what a sandbox answers', () => {
  let agent: AnsweringAgent;
  beforeAll(async () => {
    agent = await AnsweringAgent.start();
  });
  afterAll(() => agent.close());

  const ask = () => requestJson(agent.session, { method: 'GET', path: '/v1/status', timeoutMs: 30_000 }, AgentStatus);
  async function outcome(): Promise<unknown> {
    try {
      return await ask();
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError);
      expect(CODES).toContain((error as ProblemError).code);
      // The agent's own words are for the log, never for the page.
      expect((error as ProblemError).detail).toBeUndefined();
      return null;
    }
  }

  test('is the contract’s, or a problem of ours, whatever status and body', async () => {
    const good = { agentVersion: '1', connected: true, terminals: 0 };
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.constant(Buffer.from(JSON.stringify(good))),
      fc
        .record({
          code: fc.oneof(fc.constantFrom('not_found', 'internal', 'constructor'), fc.string()),
          detail: fc.string(),
        })
        .map((problem) => Buffer.from(JSON.stringify(problem))),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(200, 201, 204, 302, 400, 401, 404, 500, 503, 599),
        body,
        async (status, bytes) => {
          agent.answer = (stream) => {
            stream.respond({ ':status': status });
            stream.end(bytes);
          };
          const told = await outcome();
          if (told !== null) expect(AgentStatus.safeParse(told).success && status < 400).toBe(true);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test('ends at its bound, and at a stream that breaks', async () => {
    agent.answer = (stream) => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(2 * MAX_AGENT_LINE, ' '));
    };
    expect(await outcome()).toBeNull();
    agent.answer = (stream) => stream.close(2);
    expect(await outcome()).toBeNull();
    agent.answer = (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('{"agentVersion"');
      stream.close(8);
    };
    expect(await outcome()).toBeNull();
  });

  test('no code but those of the contract is taken over', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const problem = problemOf(Buffer.from(text));
        expect(CODES).toContain(problem.code);
        expect(problem.detail).toBeUndefined();
      }),
    );
  });

  test('a report is one of the contract or none', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(ConnectionReport.safeParse(value).success).toBe(false)));
    const sign = { type: 'sign', id: 0, data: 'AAAA' };
    expect(ConnectionReport.safeParse(sign).success).toBe(true);
    for (const bad of [
      { id: -1 },
      { id: 0.5 },
      { data: '!' },
      { data: 'A'.repeat(12_004) },
      { algorithm: 'x' },
      { key: 'x' },
    ])
      expect([bad, ConnectionReport.safeParse({ ...sign, ...bad }).success]).toEqual([bad, false]);
  });
});
