import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runs } from '../../../test/properties.ts';
import { type ExportedEvent, exportLines } from './export.ts';

const event = (actorName: string, value: string): ExportedEvent => ({
  id: '3f0c9a5e-6f5d-4f43-9a6f-0c1d2e3f4a5b',
  at: '2026-01-01T12:00:00.000Z',
  action: 'command_run',
  organisationId: null,
  actorId: null,
  actorName,
  subjectId: null,
  details: { program: value },
  position: 1,
  hash: 'a'.repeat(64),
});

async function written(events: readonly ExportedEvent[], format: 'csv' | 'jsonl'): Promise<string> {
  let all = '';
  const batches = (async function* () {
    yield* events.map((one) => [one]);
  })();
  for await (const piece of exportLines(batches, format)) all += piece;
  return all;
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  // What would drive a terminal that shows the file: title reports, DECRQSS, OSC 52 and 8, C1 forms, overrides.
  fc.constantFrom(
    '\u001b]0;x\u0007\u001b[21t',
    '\u001bP$q"p\u001b\\',
    '\u001b]52;c;ZXZpbA==\u0007',
    '\u001b]8;;javascript:alert(1)\u0007x',
    '\u009b21t',
    '\u202egnp.exe',
    '\u2028',
  ),
);

test('whatever the trail holds, an export is lines that drive no terminal, and JSON says what was there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(hostile, hostile), { minLength: 1, maxLength: 5 }), async (pairs) => {
      const events = pairs.map(([name, value]) => event(name, value));
      const jsonl = await written(events, 'jsonl');
      expect(jsonl.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      const lines = jsonl.trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events);
      const csv = await written(events, 'csv');
      expect(csv.replaceAll('\r\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(csv.split('\r\n')).toHaveLength(events.length + 2);
    }),
    { numRuns: runs(300) },
  );
});

test('an empty trail is a header, or nothing', async () => {
  expect(await written([], 'csv')).toMatch(/^"at","action",/u);
  expect(await written([], 'jsonl')).toBe('');
});
