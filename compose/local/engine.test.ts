import { describe, expect, test } from '@jest/globals';
import { flagFor } from './engine.ts';

const fatal = (text: string) => `time="x" level=info msg="iptables overlay"\nfailed to start daemon: ${text}\n`;

describe('what the log of dockerd asks for', () => {
  test('turns iptables off only when it failed because of it', () => {
    expect(
      flagFor(fatal('Error initializing network controller: failed to create NAT chain DOCKER: iptables failed')),
    ).toBe('--iptables=false');
    expect(flagFor('time="x" level=warning msg="iptables is old"')).toBeNull();
  });

  test('falls back to plain directories only when the storage failed', () => {
    expect(flagFor(fatal('error initializing graphdriver: driver not supported'))).toBe('--storage-driver=vfs');
    expect(flagFor(fatal('pid file found, ensure docker is not running'))).toBeNull();
  });
});
