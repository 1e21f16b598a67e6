import { describe, expect, test } from '@jest/globals';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import ssh2 from 'ssh2';
import { makeSshKeyPair, signForSsh, sshPublicKey } from './ssh-key-pair.ts';

describe('SSH key pairs', () => {
  test('every key made reads back as the line that another implementation prints', () => {
    for (let round = 0; round < 200; round += 1) {
      const pair = makeSshKeyPair();
      const parsed = ssh2.utils.parseKey(pair.publicKey);
      if (parsed instanceof Error) throw parsed;
      expect(createPublicKey(parsed.getPublicPEM()).export({ format: 'jwk' })).toEqual(
        createPublicKey(pair.privateKey).export({ format: 'jwk' }),
      );
    }
  });

  test.each([
    ['rsa', 'rsa-sha2-512', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['ecdsa', 'ecdsa-sha2-nistp256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
    ['ed25519', 'ssh-ed25519', generateKeyPairSync('ed25519').privateKey],
  ])('a signature by an %s key is accepted by another implementation', (_, algorithm, key) => {
    const parsed = ssh2.utils.parseKey(sshPublicKey(key));
    if (parsed instanceof Error) throw parsed;
    const data = Buffer.from('to be signed');
    const signature = signForSsh(key.export({ type: 'pkcs8', format: 'pem' }).toString(), data, algorithm);
    expect(parsed.verify(data, Buffer.from(signature), algorithm.startsWith('rsa') ? 'sha512' : undefined)).toBe(true);
  });

  test('the key itself verifies an ed25519 signature', () => {
    const pair = makeSshKeyPair();
    const data = Buffer.from('challenge');
    expect(verify(null, data, createPublicKey(pair.privateKey), signForSsh(pair.privateKey, data, 'ssh-ed25519'))).toBe(
      true,
    );
  });
});
