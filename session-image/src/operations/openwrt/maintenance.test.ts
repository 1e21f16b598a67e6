import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ConfigurationPreview, PackageState } from '@netpilot/control-plane/contract/operations/maintenance.ts';
import { previewOf } from './configuration.ts';
import { isOffloading, offloadingOf, withInclude, withOffloading, withoutInclude } from './firewall.ts';
import { fixture, said } from './fixtures/fixture.ts';
import { packageStateOf, parseSizes } from './packages.ts';
import { parseUci } from './uci-text.ts';

const FIREWALL = `
config defaults
	option input 'REJECT'
	option flow_offloading '1'

config zone
	option name 'lan'
`;

test('the include is added once and leaves no trace when it goes', () => {
  const included = withInclude(FIREWALL);
  expect(withInclude(included)).toBe(included);
  expect(parseUci(included).at(-1)).toMatchObject({ type: 'include', name: 'netpilot' });
  expect(withoutInclude(included).trimEnd()).toBe(FIREWALL.trimEnd());
  expect(withoutInclude(FIREWALL)).toBe(FIREWALL);
});

test('flow offloading comes back as it was', () => {
  const former = offloadingOf(FIREWALL);
  const off = withOffloading(FIREWALL, { flowOffloading: '0', flowOffloadingHardware: '0' });
  expect([isOffloading(former), isOffloading(offloadingOf(off))]).toEqual([true, false]);
  expect(withOffloading(off, former)).toBe(FIREWALL);
});

test('a preview says what changes, shows no secret and names what it compared with', () => {
  const config = fixture('24.10/config');
  const present = new Map([
    ['wireless', config],
    ['system', 'config system\n'],
  ]);
  const files = [
    { name: 'wireless', text: config.replace('a secret of this house', 'another secret').replace("'Home'", "'New'") },
    { name: 'system', text: 'config system\n' },
    { name: 'added', text: "config a 'b'\n" },
  ];
  const preview = ConfigurationPreview.parse(previewOf(present, files));
  expect(preview.files.map(({ change }) => change)).toEqual(['changed', 'same', 'new']);
  expect(preview.files[0]?.diff).toContain("+\toption ssid 'New'");
  expect(preview.files[0]?.diff).toMatch(/-\toption key '\(hidden \w+\)'\n\+\toption key '\(hidden \w+\)'/u);
  expect(JSON.stringify(preview)).not.toContain('secret');
  expect(preview.warnings.join(' ')).toContain('wireless');
  expect(previewOf(present, files).revision).toBe(preview.revision);
  expect(previewOf(new Map([...present, ['wireless', `${config}#`]]), files).revision).not.toBe(preview.revision);
});

test('packages of both managers are read', () => {
  const storage = 'Filesystem 1K-blocks Used Available Use% Mounted on\noverlayfs:/overlay 10240 1420 8820 14% /\n';
  const opkg = packageStateOf(said({ manager: 'opkg\n', opkg: 'nlbwmon - 2023.1-1\nluci - 1\n', storage }));
  expect(PackageState.parse(opkg)).toMatchObject({ manager: 'opkg', freeBytes: 9_031_680 });
  expect(opkg.packages[0]).toEqual({ name: 'nlbwmon', version: '2023.1-1' });
  const apk = 'tc-tiny-6.11.0-r1 aarch64 {feeds} (GPL) [installed]\nnlbwmon-2024.1-r1 aarch64 {f} (ISC) [installed]\n';
  const found = packageStateOf(said({ manager: 'apk\n', apk, storage })).packages;
  expect(found.filter(({ version }) => version !== null)).toEqual([
    { name: 'nlbwmon', version: '2024.1-r1' },
    { name: 'tc-tiny', version: '6.11.0-r1' },
  ]);
  expect(parseSizes('Package: a\nSize: 1000\n\nPackage: b\nSize: 24\n')).toBe(1_024);
});

test('whatever a package manager says, the state fits the contract', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('nlbwmon - \u001b[2J', 'nlbwmon - ', '-1 '));
  fc.assert(
    fc.property(text, text, (opkg, apk) => void PackageState.parse(packageStateOf(said({ opkg, apk, manager: apk })))),
  );
});
