import { describe, expect, it } from '@jest/globals';
import { deviceWords } from './device-words.ts';

describe('devices in words', () => {
  it('names browser and system', () => {
    expect(deviceWords('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36')).toBe(
      'Chrome on Linux',
    );
    expect(deviceWords('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1')).toBe(
      'Safari on iPhone',
    );
    expect(deviceWords('Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0')).toBe('Edge on Windows');
  });

  it('stays short for anything else', () => {
    expect(deviceWords(null)).toBe('Unknown device');
    expect(deviceWords('x'.repeat(500))).toHaveLength(60);
  });
});
