import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** The 12 bytes before the key itself in the DER of an Ed25519 public key (RFC 8410, section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PEM_BLOCK = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/gu;

/** Signs recordings; the private half stays in here. */
export interface SigningKey {
  /** 32 bytes in base64. */
  readonly publicKey: string;
  /** This key, and those before it whose recordings are still believed. */
  readonly trusted: ReadonlySet<string>;
  /** @returns the Ed25519 signature (RFC 8032) in base64. */
  sign(text: string): string;
}

/**
 * @param pem an Ed25519 private key (PKCS #8), and behind it the public keys of its predecessors, if any.
 * @throws TypeError when it is anything else; the message holds nothing of it.
 */
export function createSigningKey(pem: string): SigningKey {
  const [first, ...others] = pem.match(PEM_BLOCK) ?? [];
  let privateKey: KeyObject;
  let publicKey: string;
  let earlier: string[];
  try {
    privateKey = createPrivateKey(first ?? '');
    publicKey = rawPublicKey(createPublicKey(privateKey));
    earlier = others.map((block) => rawPublicKey(createPublicKey(block)));
  } catch {
    throw new TypeError('must hold an Ed25519 private key in PEM, and behind it public keys only');
  }
  return {
    publicKey,
    trusted: new Set([publicKey, ...earlier]),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
  };
}

/**
 * Reads keys to believe: PEM, of which private keys count as their public half, or 32 bytes in base64 as the api tells them.
 * @throws TypeError when there is none.
 */
export function readTrustedKeys(text: string): ReadonlySet<string> {
  try {
    const raw = text.trim();
    const keys = (raw.match(PEM_BLOCK) ?? []).map((block) => rawPublicKey(createPublicKey(block)));
    if (keys.length > 0) return new Set(keys);
    if (Buffer.from(raw, 'base64').length === 32) return new Set([Buffer.from(raw, 'base64').toString('base64')]);
  } catch {
    // As no key at all.
  }
  throw new TypeError('holds no Ed25519 key, neither in PEM nor as 32 bytes in base64');
}

/** @returns the 32 bytes of an Ed25519 public key in base64. @throws TypeError for a key of another kind. */
export function rawPublicKey(key: KeyObject): string {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  return key.export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length).toString('base64');
}

/** Whether `signature` (base64) over `text` is that of the key (32 bytes, base64); false for anything that is no key or no signature. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64');
  // Base64 leaves bits over at its end: a signature is written in one way only, or it is another text.
  if (bytes.toString('base64') !== signature) return false;
  try {
    return verify(null, Buffer.from(text), keyOf(publicKey), bytes);
  } catch {
    return false;
  }
}

/** The key that was asked for last: nearly always the same, and reading it takes as long as a signature. */
let recent: { readonly publicKey: string; readonly key: KeyObject } | null = null;

function keyOf(publicKey: string): KeyObject {
  if (recent?.publicKey !== publicKey) {
    const der = Buffer.concat([SPKI_PREFIX, Buffer.from(publicKey, 'base64')]);
    recent = { publicKey, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
  }
  return recent.key;
}

/** @returns a key's fingerprint for people, as OpenSSH writes those of its own: `SHA256:` and unpadded base64 of the digest. */
export function fingerprintOf(publicKey: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/u, '')}`;
}
