import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** An ed25519 key pair as OpenSSH writes it; made by Node, since some of those that ssh2 makes do not parse. */
export interface TestKey {
  /** The private key file's text. */
  privateKey: string;
  /** `ssh-ed25519 AAAA…`. */
  publicKey: string;
}

/** @returns a new key pair in the openssh-key-v1 format. */
export function makeKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const blob = Buffer.concat([text('ssh-ed25519'), text(point)]);
  const check = randomBytes(4);
  let secret = Buffer.concat([
    check,
    check,
    text('ssh-ed25519'),
    text(point),
    text(Buffer.concat([seed, point])),
    text(''),
  ]);
  for (let pad = 1; secret.length % 8 !== 0; pad += 1) secret = Buffer.concat([secret, Buffer.from([pad])]);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text('none'),
    text('none'),
    text(''),
    Buffer.from([0, 0, 0, 1]),
    text(blob),
    text(secret),
  ]);
  const lines = (whole.toString('base64').match(/.{1,70}/gu) ?? []).join('\n');
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `ssh-ed25519 ${blob.toString('base64')}`,
  };
}

function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
