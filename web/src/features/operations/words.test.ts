import { expect, test } from '@jest/globals';
import { bytesInWords, mbps, rateInWords, ratesInWords, spanInWords, windowsInWords } from './words.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.00 kB'],
  [999_500, '1.00 MB'],
  [1_536_000_000, '1.54 GB'],
])('%d bytes are %s', (bytes, words) => expect(bytesInWords(bytes)).toBe(words));

test('rates are bits, not bytes', () => {
  expect(rateInWords(125_000)).toBe('1 Mbit/s');
  expect(rateInWords(1_000)).toBe('8 kbit/s');
  expect(mbps(123.456)).toBe('123');
  expect(mbps(1.2345)).toBe('1.23');
  expect(ratesInWords({ downMbps: 50, upMbps: null })).toBe('50 Mbit/s down, unlimited up');
});

test('times are said as people say them', () => {
  expect(spanInWords(59)).toBe('0 min');
  expect(spanInWords(3_660)).toBe('1 h 1 min');
  expect(spanInWords(90_000)).toBe('1 d 1 h');
  expect(windowsInWords([])).toBe('always');
  expect(windowsInWords([{ days: ['mon', 'fri'], from: '21:00', to: '07:00' }])).toBe('Mon Fri 21:00–07:00');
});
