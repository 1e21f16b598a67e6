import { describe, expect, test } from '@jest/globals';
import { readHostKey } from '@netpilot/control-plane/src/gateway/tunnels/host-key.ts';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSecrets } from './secrets.ts';

describe('the secrets of a local installation', () => {
  test('are what the processes take, and stay', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'secrets-'));
    const database = { apiUrl: 'postgres://api', gatewayUrl: 'postgres://gateway' };
    try {
      const files = await ensureSecrets(directory, database);
      const hostKey = await readHostKey(files.hostKey);
      expect(hostKey.publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68}$/u);
      expect(createPrivateKey(await readFile(files.tokenKey, 'utf8')).asymmetricKeyDetails?.namedCurve).toBe(
        'prime256v1',
      );
      const ring = JSON.parse(await readFile(files.secretKeys, 'utf8')) as {
        current: string;
        keys: Record<string, string>;
      };
      expect(Buffer.from(ring.keys[ring.current] ?? '', 'base64')).toHaveLength(32);
      expect(await readFile(files.gatewayDatabaseUrl, 'utf8')).toBe(database.gatewayUrl);
      for (const file of Object.values(files)) expect((await stat(file)).mode & 0o777).toBe(0o600);
      await ensureSecrets(directory, database);
      expect((await readHostKey(files.hostKey)).publicKey).toBe(hostKey.publicKey);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
