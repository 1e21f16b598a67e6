import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A private key as the bastion keeps it, and the public line that a router allows. */
export interface SshKeyPair {
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…` without a comment. */
  readonly publicKey: string;
}

/** Makes an ed25519 key pair (RFC 8709). */
export function makeSshKeyPair(): SshKeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: sshPublicKey(privateKey),
  };
}

/**
 * The OpenSSH line of a key's public half (RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4).
 * @throws Error for a key type that SSH does not know.
 */
export function sshPublicKey(key: KeyObject): string {
  const jwk = createPublicKey(key.type === 'private' ? key.export({ type: 'pkcs8', format: 'pem' }) : key).export({
    format: 'jwk',
  });
  const part = (name: 'x' | 'y' | 'n' | 'e') => Buffer.from(jwk[name] ?? '', 'base64url');
  switch (jwk.kty) {
    case 'OKP':
      return line('ssh-ed25519', [part('x')]);
    case 'RSA':
      return line('ssh-rsa', [mpint(part('e')), mpint(part('n'))]);
    case 'EC': {
      const curve = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' }[jwk.crv ?? ''];
      if (curve === undefined) break;
      return line(`ecdsa-sha2-${curve}`, [Buffer.from(curve), Buffer.concat([Buffer.from([4]), part('x'), part('y')])]);
    }
  }
  throw new Error('a key type that SSH does not know');
}

/**
 * Signs an SSH user authentication request.
 * @param algorithm signature algorithm of the request, such as `rsa-sha2-256`; the blob alone is returned, without its name;
 *   of an ECDSA key as DER, which the agent's SSH library turns into the two mpints of RFC 5656.
 */
export function signForSsh(privateKey: string, data: Uint8Array, algorithm: string): Uint8Array {
  const key = createPrivateKey(privateKey);
  if (key.asymmetricKeyType === 'ed25519') return sign(null, data, key);
  const digest = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512', 'ssh-rsa': 'sha1' }[algorithm];
  if (key.asymmetricKeyType === 'rsa' && digest !== undefined) return sign(digest, data, key);
  const curveDigest = {
    'ecdsa-sha2-nistp256': 'sha256',
    'ecdsa-sha2-nistp384': 'sha384',
    'ecdsa-sha2-nistp521': 'sha512',
  }[algorithm];
  if (key.asymmetricKeyType === 'ec' && curveDigest !== undefined) return sign(curveDigest, data, key);
  throw new Error('a signature algorithm that does not fit the key');
}

function line(type: string, parts: readonly Buffer[]): string {
  return `${type} ${Buffer.concat([Buffer.from(type), ...parts].map(sized)).toString('base64')}`;
}

/** A string of RFC 4251, section 5: length, then bytes. */
function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** An mpint of RFC 4251, section 5, without its length: no leading zeros but the one that keeps it positive. */
function mpint(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const trimmed = bytes.subarray(start);
  return (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed;
}
