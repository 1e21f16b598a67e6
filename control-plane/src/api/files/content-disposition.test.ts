import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attachment } from './content-disposition.ts';

test.each([
  ['network', `attachment; filename="network"; filename*=UTF-8''network`],
  ['a b.txt', `attachment; filename="a b.txt"; filename*=UTF-8''a%20b.txt`],
  ['grüße.txt', `attachment; filename="gr__e.txt"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt`],
  ['"; filename=evil.exe', `attachment; filename="__ filename=evil.exe"; filename*=UTF-8''_%3B%20filename%3Devil.exe`],
  ['a\r\nSet-Cookie: x', `attachment; filename="a__Set-Cookie_ x"; filename*=UTF-8''a__Set-Cookie_%20x`],
  ['../../etc/passwd', `attachment; filename="_.._etc_passwd"; filename*=UTF-8''_.._etc_passwd`],
  ['photo\u202egpj.exe', `attachment; filename="photo_gpj.exe"; filename*=UTF-8''photo_gpj.exe`],
  ['-rf', `attachment; filename="rf"; filename*=UTF-8''rf`],
  ['...', `attachment; filename="file"; filename*=UTF-8''file`],
])('%j', (name, header) => expect(attachment(name)).toBe(header));

test('whatever the name, the header is one line of ASCII with one quoted string, and names no folder', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
      const header = attachment(name);
      const match = /^attachment; filename="(?<plain>[ -~]*)"; filename\*=UTF-8''(?<extended>[!-~]*)$/u.exec(header);
      expect(match).not.toBeNull();
      const { plain = '', extended = '' } = match?.groups ?? {};
      const decoded = decodeURIComponent(extended);
      for (const shown of [plain, decoded]) {
        expect(shown).not.toMatch(/["\\/\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        expect(shown).not.toMatch(/^(\.|-|$)/u);
      }
      expect(Buffer.byteLength(decoded)).toBeLessThanOrEqual(255);
    }),
  );
});
