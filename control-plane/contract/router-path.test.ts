import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  decodeRouterName,
  decodeRouterPath,
  encodeRouterName,
  encodeRouterPath,
  isPlainName,
  joinRouterPath,
  RouterPath,
  routerPathText,
  splitRouterPath,
} from './router-path.ts';

const name = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 255 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).map((text) => new TextEncoder().encode(text)),
  )
  .filter(isPlainName);
const path = fc
  .array(name, { maxLength: 8 })
  .map((names) => new Uint8Array(Buffer.concat(names.flatMap((each) => [Buffer.from('/'), each]))))
  .map((bytes) => (bytes.length === 0 ? new Uint8Array([0x2f]) : bytes));

describe('paths of a router', () => {
  test('come back as the bytes that they were, through JSON and through a URL', () => {
    fc.assert(
      fc.property(path, (bytes) => {
        const text = encodeRouterPath(bytes);
        expect(RouterPath.safeParse(text).success).toBe(true);
        const carried = new URLSearchParams(`path=${encodeURIComponent(JSON.parse(JSON.stringify(text)) as string)}`);
        expect(Buffer.from(decodeRouterPath(carried.get('path') ?? '') ?? []).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  test('names do too', () => {
    fc.assert(
      fc.property(name, (bytes) => {
        expect(Buffer.from(decodeRouterName(encodeRouterName(bytes))).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  test('a joined path splits into its parts again', () => {
    fc.assert(
      fc.property(path, name, (folder, last) => {
        const whole = joinRouterPath(encodeRouterPath(folder), encodeRouterName(last));
        if (whole === null) return;
        expect(splitRouterPath(whole)).toEqual({ folder: encodeRouterPath(folder), name: encodeRouterName(last) });
      }),
    );
    expect(splitRouterPath('/')).toEqual({ folder: '/', name: { text: '', raw: null } });
    expect(splitRouterPath('/a//b//')).toEqual({ folder: '/a', name: { text: 'b', raw: null } });
  });

  test.each(['', 'etc', './etc', '/a\0b', `/${'x'.repeat(4_095)}`, 'base64:', 'base64:L2V0Yw', 'base64:!!', '/\ud800'])(
    'refuses %j',
    (text) => expect(RouterPath.safeParse(text).success).toBe(false),
  );

  test('a name that leads elsewhere joins nothing', () => {
    for (const text of ['', '.', '..', 'a/b', '/', 'a\0', 'x'.repeat(256)])
      expect(joinRouterPath('/etc', { text, raw: null })).toBeNull();
    expect(joinRouterPath('/etc', { text: 'x', raw: Buffer.from('../x').toString('base64') })).toBeNull();
  });

  test('shows bytes that are no text as a likeness', () => {
    expect(routerPathText(encodeRouterPath(Buffer.from([0x2f, 0x61, 0xff])))).toBe('/a\ufffd');
    expect(encodeRouterName(Buffer.from([0xff]))).toEqual({ text: '\ufffd', raw: '/w==' });
  });
});
