import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ExecResult } from '@netpilot/control-plane/contract/sessions.ts';
import { runs } from '@netpilot/control-plane/test/properties.ts';
import { answerPieces } from './answer.ts';

const rest = { exitCode: 0, signal: null, truncated: false, timedOut: false, milliseconds: 1 };

function answer(stdout: Buffer, stderr: Buffer): ExecResult {
  return ExecResult.parse(JSON.parse([...answerPieces({ ...rest, stdout: [stdout], stderr: [stderr] })].join('')));
}

test('any text comes back as it was, over the edges of pieces', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary-ascii' }), fc.nat(4), (out, err, shift) => {
      const long = 'x'.repeat(shift) + `${out}ü€😀\u0000"\\\n`.repeat(Math.ceil(60_000 / (out.length + 8)));
      expect(answer(Buffer.from(long), Buffer.from(err))).toEqual({
        ...rest,
        encoding: 'utf-8',
        stdout: long,
        stderr: err,
      });
    }),
    { numRuns: runs(30) },
  );
});

test('other bytes come back through base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(3), (bytes, shift) => {
      const out = Buffer.concat([Buffer.from([0xff]), Buffer.alloc(98_303 + shift), bytes]);
      const result = answer(out, Buffer.from('text'));
      expect(result.encoding).toBe('base64');
      expect(Buffer.from(result.stdout, 'base64').equals(out)).toBe(true);
      expect(Buffer.from(result.stderr, 'base64').toString()).toBe('text');
    }),
    { numRuns: runs(30) },
  );
});
