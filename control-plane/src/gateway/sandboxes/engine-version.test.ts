import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { escapesOf, readVersion } from './engine-version.ts';

const OLD = 'CVE-2024-21626';
const NEW = 'CVE-2025-31133';

describe('versions of the runtime', () => {
  test.each<[string, string[]]>([
    ['1.0.3', [OLD, NEW]],
    ['1.1.5+ds1', [OLD, NEW]],
    ['1.1.11', [OLD, NEW]],
    ['1.1.12', [NEW]],
    ['1.1.12-0ubuntu2~22.04.1', [NEW]],
    ['1.1.15', [NEW]],
    ['1.2.0', [NEW]],
    ['1.2.7', [NEW]],
    ['1.2.8', []],
    ['1.2.9+ds1', []],
    ['v1.2.8', []],
    ['1.3.0', [NEW]],
    ['1.3.2', [NEW]],
    ['1.3.3', []],
    ['1.3.10', []],
    ['1.4.0-rc.2', [NEW]],
    ['1.4.0-rc.3', []],
    ['1.4.0~rc.3+ds1', []],
    ['1.4.0', []],
    ['1.10.0', []],
    ['2.0.0', []],
  ])('%s is open to %j', (runtime, expected) => {
    expect(escapesOf({ engine: '27.1.1', runtime })).toEqual(expected);
  });

  test.each([null, '', 'crun 1.8', '1.3', 'latest', '-1.2.8', '1.2.x', ' '])(
    '%j is not taken for a mended one',
    (runtime) => {
      expect(escapesOf({ engine: '27.1.1', runtime })).toEqual(['an unknown runtime version']);
    },
  );

  test('a later patch of a line is never more open than an earlier one', () => {
    const patch = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 0, max: 9 }),
        patch,
        patch,
        (major, minor, one, other) => {
          const escapes = (number: number) => escapesOf({ engine: '', runtime: `${major}.${minor}.${number}` }).length;
          expect(escapes(Math.max(one, other))).toBeLessThanOrEqual(escapes(Math.min(one, other)));
        },
      ),
    );
  });

  test('reads any text without an error', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(() => readVersion(text)).not.toThrow()));
  });
});
