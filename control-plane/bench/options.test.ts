import { describe, expect, test } from '@jest/globals';
import { MEASURES, readOptions } from './options.ts';

describe('readOptions', () => {
  test('everything, unless told otherwise', () => {
    expect(readOptions([])).toEqual({ only: MEASURES, json: null, quick: false });
    expect(readOptions(['--only', 'end,crowd', '--json', 'out.json', '--quick'])).toEqual({
      only: ['end', 'crowd'],
      json: 'out.json',
      quick: true,
    });
  });

  test.each([[['--only', 'speed']], [['--only', '']], [['--fast']], [['stray']]])('refuses %j', (args) => {
    expect(() => readOptions(args)).toThrow();
  });
});
