import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { fixture, RELEASES } from './fixtures/fixture.ts';
import { maskedUci, parseUci, uciSection, withOption, withoutSection, withSection } from './uci-text.ts';

const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom("it's", "'", '"', "\\'", 'a\nb', '#', ' ', '$(reboot)'),
);
const key = fc.stringMatching(/^[a-z_]{1,10}$/u);
/** A file with everything that libuci takes. */
const FILE = `# comment of the file
package wireless

config wifi-device 'radio0' # behind it
	option type mac80211
	option channel "6"
	list a 'x'
	list a 'y y'

config wifi-iface
	option ssid 'it'\\''s'
	option multi 'two
lines'
	option escaped "a\\"b"
# the end
`;

test('reads quotes of both kinds, lists, comments, line feeds and anonymous sections', () => {
  const [device, iface] = parseUci(FILE);
  expect(device).toMatchObject({ type: 'wifi-device', name: 'radio0' });
  expect(Object.fromEntries(device?.options ?? [])).toEqual({ type: 'mac80211', channel: '6' });
  expect(device?.lists.get('a')).toEqual(['x', 'y y']);
  expect(iface?.name).toBeNull();
  expect(Object.fromEntries(iface?.options ?? [])).toEqual({ ssid: "it's", multi: 'two\nlines', escaped: 'a"b' });
});

test('reads the configurations of all releases', () => {
  for (const release of RELEASES) {
    const types = parseUci(fixture(`${release}/config`)).map(({ type }) => type);
    expect(types).toEqual(['wifi-device', 'wifi-iface', 'wifi-iface']);
  }
});

describe('a change', () => {
  test('sets one option to any text, and leaves every other line as it was', () => {
    fc.assert(
      fc.property(fc.nat(1), key, value, (index, name, text) => {
        const changed = withOption(FILE, index, name, text);
        const sections = parseUci(changed);
        expect(sections[index]?.options.get(name)).toBe(text);
        const back = withOption(changed, index, name, parseUci(FILE)[index]?.options.get(name) ?? null);
        expect(parseUci(back)).toEqual(parseUci(FILE));
        for (const line of FILE.split('\n').filter((one) => one.startsWith('#') || one.startsWith('config')))
          expect(changed).toContain(line);
        expect(parseUci(changed)[1 - index]).toEqual(parseUci(FILE)[1 - index]);
      }),
    );
  });

  test('of an option to what it was is a change of nothing but its spelling', () => {
    expect(withOption(FILE, 0, 'channel', '6')).toBe(FILE.replace('"6"', "'6'"));
    expect(withOption(FILE, 0, 'none', null)).toBe(FILE);
  });

  test('adds and removes a section without a trace', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), (options) => {
        const added = withSection(FILE, uciSection('include', 'netpilot', options));
        const last = parseUci(added).at(-1);
        expect(Object.fromEntries(last?.options ?? [])).toEqual({ ...options });
        expect(parseUci(withoutSection(added, 2))).toEqual(parseUci(FILE));
        expect(withoutSection(added, 2).trimEnd()).toBe(FILE.trimEnd());
      }),
    );
  });

  test('of a section that is not there is refused', () => {
    expect(() => withOption(FILE, 2, 'a', 'b')).toThrow(RangeError);
  });
});

test('secrets are masked, and only whether they are the same can be told', () => {
  const text = (secret: string) => uciSection('wifi-iface', 'a', { ssid: 'Home', key: secret, wpa_psk_file: secret });
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z]{8,20}$/u), fc.stringMatching(/^[A-Z]{8,20}$/u), (one, other) => {
      expect(maskedUci(text(one), 's')).not.toContain(one);
      expect(maskedUci(text(`${one}\n${one}`), 's')).not.toContain(one);
      expect(maskedUci(text(one), 's') === maskedUci(text(other), 's')).toBe(one === other);
      expect(maskedUci(text(one), 's')).toContain("option ssid 'Home'");
    }),
  );
});

test('any text is read, never with an error', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseUci(text)));
  const pieces = fc.array(fc.constantFrom("'", '"', '\\', '\n', '#', 'config a b', 'option c', ' d', '\t'));
  fc.assert(fc.property(pieces, (parts) => void parseUci(parts.join(''))));
  expect(parseUci("option a 'b'\n".repeat(100_000))).toEqual([]);
});
