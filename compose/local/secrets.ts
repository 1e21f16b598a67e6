import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keep } from './places.ts';

/** File below the secrets with the key that signs recordings. */
export const RECORDING_KEY = 'recording-key.pem';

/** Files that hold the secrets of a local installation, mode 0600; no secret is ever passed in an environment or argument. */
export interface SecretFiles {
  hostKey: string;
  tokenKey: string;
  secretKeys: string;
  recordingKey: string;
  clientSecret: string;
  databaseUrl: string;
  gatewayDatabaseUrl: string;
}

/** Makes what is missing in `directory`, and writes down how the database is reached this time. */
export async function ensureSecrets(
  directory: string,
  database: { readonly apiUrl: string; readonly gatewayUrl: string },
): Promise<SecretFiles> {
  const files: SecretFiles = {
    hostKey: join(directory, 'tunnel-host-key'),
    tokenKey: join(directory, 'token-key.pem'),
    secretKeys: join(directory, 'secret-keys.json'),
    recordingKey: join(directory, RECORDING_KEY),
    clientSecret: join(directory, 'oidc-client-secret'),
    databaseUrl: join(directory, 'database-url'),
    gatewayDatabaseUrl: join(directory, 'gateway-database-url'),
  };
  await keep(files.hostKey, openSshKey);
  await keep(files.tokenKey, () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  });
  await keep(files.recordingKey, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  await keep(files.secretKeys, () =>
    JSON.stringify({ current: 'k1', keys: { k1: randomBytes(32).toString('base64') } }),
  );
  await keep(files.clientSecret, () => randomBytes(32).toString('base64url'));
  await writeFile(files.databaseUrl, database.apiUrl, { mode: 0o600 });
  await writeFile(files.gatewayDatabaseUrl, database.gatewayUrl, { mode: 0o600 });
  return files;
}

/** A new ed25519 private key without a passphrase, in OpenSSH's own format (PROTOCOL.key of OpenSSH). */
export function openSshKey(): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const publicBlob = Buffer.concat([field('ssh-ed25519'), field(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, publicBlob, field(Buffer.concat([seed, point])), field('netpilot')]);
  // Padded with 1, 2, 3, … to the cipher's block, which is 8 bytes for "none".
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const one = Buffer.alloc(4);
  one.writeUInt32BE(1);
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    field('none'),
    field('none'),
    field(''),
    one,
    field(publicBlob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/gu) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

/** A string of the SSH wire format: its length in four bytes and its bytes (RFC 4251, section 5). */
function field(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
