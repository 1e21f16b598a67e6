import { describe, expect, test } from '@jest/globals';
import { readSettings } from './settings.ts';

describe('the settings of a local installation', () => {
  test('have defaults, and pass on what is ours only', () => {
    const settings = readSettings({ PATH: '/bin', NETPILOT_IDLE_MINUTES: '5' }, false);
    expect(settings).toMatchObject({
      apiPort: 8080,
      identityPort: 8089,
      tunnelPort: 2222,
      publicUrl: 'http://127.0.0.1:8080',
    });
    expect(settings.passedOn).toEqual({ NETPILOT_IDLE_MINUTES: '5' });
    expect(readSettings({ NETPILOT_WEB_PORT: '6000' }, true).publicUrl).toBe('http://127.0.0.1:6000');
  });

  test.each(['0', '65536', '80a', '-1', '1e3'])('refuse %s as a port and name the variable', (text) => {
    expect(() => readSettings({ NETPILOT_PORT: text }, false)).toThrow(/^NETPILOT_PORT must be a port/u);
  });
});
