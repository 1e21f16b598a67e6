import { generateKeyPairSync } from 'node:crypto';
import { createSigningKey, type SigningKey } from './signing-key.ts';

/** A new key that signs recordings or the trail in a test. */
export function testKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return createSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}
