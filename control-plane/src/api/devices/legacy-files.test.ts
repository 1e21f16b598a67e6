import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LEGACY_FILES } from '../../../contract/legacy-import.ts';
import { Mac } from '../../../contract/operations/values.ts';
import { readLegacyFiles } from './legacy-files.ts';

const MAC = 'aa:bb:cc:dd:ee:01';

describe('the files of the earlier system', () => {
  test('the state of the cloud generation names devices by address', () => {
    const data = readLegacyFiles({
      'devices.json': { _default: { 1: { ip: '192.168.1.20', mac: 'AA-BB-CC-DD-EE-01', hostname: 'Unknown' } } },
      'netpilot_state.json': {
        active_mode: 'blacklist',
        rates: { whitelist_limited: '50mbit', blacklist_limited: 2, blacklist_full: '1000mbit' },
        devices: { whitelist: ['192.168.1.99'], blacklist: ['192.168.1.20'] },
      },
    });
    expect(data.devices).toMatchObject([{ mac: MAC, hostname: null, address: '192.168.1.20' }]);
    expect(data.listed).toEqual([{ file: 'netpilot_state.json', mode: 'blacklist', mac: MAC }]);
    expect(data.rates).toEqual([
      { file: 'netpilot_state.json', mode: 'whitelist', limited: 50, full: null },
      { file: 'netpilot_state.json', mode: 'blacklist', limited: 2, full: 1_000 },
    ]);
    expect(data.mode).toEqual({ file: 'netpilot_state.json', mode: 'blacklist' });
    expect(data.skipped).toMatchObject([{ subject: '192.168.1.99', outcome: 'skipped' }]);
  });

  test.each([
    ['90mbit', 90],
    ['2.5 Mbps', 2.5],
    [50, 50],
    ['0mbit', null],
    ['-3', null],
    ['1e9', null],
    ['99999mbit', null],
    ['$(reboot)', null],
    [null, null],
  ])('a rate of %j is %j', (value, rate) => {
    const { rates } = readLegacyFiles({ 'whitelist.json': { Limit_Rate: value } });
    expect(rates.map(({ limited }) => limited)).toEqual(rate === null ? [] : [rate]);
  });

  test('hostile names are made printable, and a password is in nothing that is told', () => {
    const evil = `$(reboot)'"\n\u202e${'x'.repeat(1_000)}`;
    const data = readLegacyFiles({
      'devices.json': { devices: { 1: { mac: MAC, hostname: evil }, 2: { hostname: evil } } },
      'router.json': { ip: '192.168.1.1', username: 'root', password: 'hunter2' },
    });
    expect(data.devices[0]?.hostname).toMatch(/^\$\(reboot\)'" {2}x+$/u);
    expect(data.devices[0]?.hostname).toHaveLength(255);
    for (const { subject } of data.skipped) expect(subject.length).toBeLessThanOrEqual(120);
    expect(JSON.stringify(data)).not.toContain('hunter2');
  });

  test('whatever the files hold, what comes out is a device, a list, a rate or a row that was skipped', () => {
    const row = fc.oneof(
      fc.anything(),
      fc.record(
        {
          mac: fc.oneof(fc.constantFrom(MAC, MAC.toUpperCase(), 'router', 'ff:ff:ff:ff:ff:ff'), fc.string()),
          ip: fc.oneof(fc.ipV4(), fc.string()),
          hostname: fc.string({ unit: 'binary' }),
          first_seen: fc.anything(),
        },
        { requiredKeys: [] },
      ),
    );
    const table = fc.dictionary(fc.string(), row);
    const file = fc.oneof(
      fc.anything(),
      fc.record(
        { devices: table, whitelist: table, blacklist: fc.anything(), mode: fc.anything() },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...LEGACY_FILES), file), (files) => {
        const data = readLegacyFiles(files);
        expect(new Set(data.devices.map(({ mac }) => mac)).size).toBe(data.devices.length);
        for (const { mac } of [...data.devices, ...data.listed]) expect(Mac.safeParse(mac).data).toBe(mac);
        for (const { hostname } of data.devices) expect(hostname ?? '').not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});
