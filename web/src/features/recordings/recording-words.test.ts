import { expect, test } from '@jest/globals';
import { RecordingFault, type Verification } from '@netpilot/control-plane/contract/recordings.ts';
import { clock, fileSize, lengthOf, printable, verificationWords } from './recording-words.ts';

const found = (change: Partial<Verification>): Verification => ({
  state: 'intact',
  fault: null,
  links: 3,
  bytes: 4_000,
  output: 3_000,
  seconds: 62.5,
  signers: ['SHA256:key'],
  ...change,
});

test('an intact recording names its key, a broken one its place and what is wrong', () => {
  expect(verificationWords(found({}))).toMatchObject({ title: 'Intact', tone: 'good' });
  expect(verificationWords(found({})).detail).toContain('SHA256:key');
  expect(verificationWords(found({ state: 'open' }))).toMatchObject({ title: 'Not ended yet', tone: 'info' });
  for (const fault of RecordingFault.options) {
    const { title, detail, tone } = verificationWords(found({ state: 'broken', fault }));
    expect([title, tone]).toEqual(['Broken at 1:02', 'bad']);
    expect(detail).toMatch(/^[A-Z].*\. Right up to 1:02, 3,000 bytes of output\.$/u);
  }
});

test.each([
  [0, '0:00'],
  [59.9, '0:59'],
  [3_723, '1:02:03'],
])('%s seconds are %s', (seconds, words) => expect(clock(seconds)).toBe(words));

test.each([
  [0, '0 bytes'],
  [855, '855 bytes'],
  [8_140, '8.1 kB'],
  [33_554_432, '34 MB'],
])('%s bytes are %s', (bytes, words) => expect(fileSize(bytes)).toBe(words));

test('a recording that goes on has no length yet', () => {
  const startedAt = '2026-01-01T00:00:00.000Z';
  expect(lengthOf({ startedAt, endedAt: null })).toBeNull();
  expect(lengthOf({ startedAt, endedAt: '2026-01-01T00:01:05.000Z' })).toBe('1:05');
});

test('what a router printed draws nothing in a list', () => {
  expect(printable('a\u001b[31m\u202eb\u2028c')).toBe('a [31m b c');
});
