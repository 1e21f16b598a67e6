import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MAX_AGENT_LINE } from '@netpilot/control-plane/contract/agent.ts';
import { z } from 'zod';
import { LineReader, parseJson } from './json.ts';

describe('lines', () => {
  test('come whole however the stream is cut', () => {
    const line = fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(200)), (lines, cuts) => {
        const reader = new LineReader();
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const seen: string[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          for (const found of reader.push(bytes.subarray(at, at + cut))) seen.push(found.toString('utf8'));
          at += cut;
        }
        expect(seen).toEqual(lines);
      }),
    );
  });

  test('that are too long are refused before their end', () => {
    const reader = new LineReader();
    reader.push(Buffer.alloc(MAX_AGENT_LINE, 'x'));
    expect(() => reader.push(Buffer.from('x'))).toThrow('too long');
  });
});

test('a refusal never repeats the value', () => {
  const schema = z.strictObject({ password: z.string().max(5) });
  expect(() => parseJson(Buffer.from('{"password":"hunter22"}'), schema)).toThrow(/^Not as agreed: password$/u);
  expect(() => parseJson(Buffer.from('{"password":hunter22}'), schema)).toThrow(/^The body is not JSON\.$/u);
});
