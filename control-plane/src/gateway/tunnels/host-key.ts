import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ssh2 } from './ssh2.ts';

/** The key that routers pin when they enrol. */
export interface HostKey {
  privateKey: Buffer;
  /** `ssh-ed25519 AAAA…`, without comment. */
  publicKey: string;
  /** Names this gateway on a shared engine unless the operator names it; 12 hexadecimal digits. */
  instance: string;
}

/**
 * Reads the tunnel server's host key, an OpenSSH ed25519 private key without a passphrase.
 * @throws Error without any part of the key when the file cannot be read or holds something else.
 */
export async function readHostKey(file: string): Promise<HostKey> {
  const privateKey = await readFile(file);
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error || !key.isPrivateKey() || key.type !== 'ssh-ed25519') {
    throw new Error(`${file} is not an OpenSSH ed25519 private key without a passphrase`);
  }
  const blob = key.getPublicSSH();
  return {
    privateKey,
    publicKey: `ssh-ed25519 ${blob.toString('base64')}`,
    instance: createHash('sha256').update(blob).digest('hex').slice(0, 12),
  };
}
