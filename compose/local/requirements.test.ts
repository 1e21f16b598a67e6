import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Obstacle } from './obstacle.ts';
import { missingPackages, reasonIn, requireDiskSpace, requireFreePort } from './requirements.ts';

describe('what the machine must have', () => {
  test('names the port that is taken and the variable that changes it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const refusal = requireFreePort('127.0.0.1', port, 'NETPILOT_PORT');
      await expect(refusal).rejects.toThrow(Obstacle);
      await expect(refusal).rejects.toThrow(new RegExp(`${port}.*NETPILOT_PORT`, 'u'));
    } finally {
      server.close();
      await once(server, 'close');
    }
    await expect(requireFreePort('127.0.0.1', port, 'NETPILOT_PORT')).resolves.toBeUndefined();
  });

  test('says how much disk space is missing', async () => {
    await expect(requireDiskSpace('/', 1)).resolves.toBeUndefined();
    await expect(requireDiskSpace('/', Number.MAX_SAFE_INTEGER)).rejects.toThrow(/GB are needed/u);
  });

  test('knows packages that are not there', async () => {
    const name = 'a-package-that-does-not-exist';
    expect(await missingPackages([name])).toEqual([name]);
    expect(await missingPackages([])).toEqual([]);
  });

  test('finds the reason in the output of apt-get', () => {
    expect(reasonIn('Reading lists\nE: Unable to locate package x\nE: No space left\nDone')).toBe('No space left');
    expect(reasonIn('just this\n\n')).toBe('just this');
    expect(reasonIn('')).toBe('no output');
  });
});
