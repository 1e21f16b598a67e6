import { createPrivateKey, type KeyObject } from 'node:crypto';
import ssh2 from 'ssh2';
import { type SshKeyPair, sshPublicKey } from './ssh-key-pair.ts';

/**
 * Reads a private key as people have it: OpenSSH's own format or PEM, without a passphrase.
 * @returns null for anything that is not such a key; nothing of the text is repeated anywhere.
 */
export function importPrivateKey(text: string): SshKeyPair | null {
  const key = fromPem(text) ?? fromOpenSsh(text);
  if (key === null) return null;
  try {
    return { privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey: sshPublicKey(key) };
  } catch {
    return null;
  }
}

function fromPem(text: string): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch {
    return null;
  }
}

function fromOpenSsh(text: string): KeyObject | null {
  try {
    const parsed = ssh2.utils.parseKey(text);
    if (parsed instanceof Error || !parsed.isPrivateKey()) return null;
    return fromPem(parsed.getPrivatePEM());
  } catch {
    return null;
  }
}
