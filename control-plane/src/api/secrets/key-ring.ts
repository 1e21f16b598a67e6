import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A sealed value that does not open: another key ring, another row, or a changed byte. */
export class SealError extends Error {
  override name = 'SealError';
}

export interface KeyRing {
  /** Encrypts under the current key; `context` (what and whose it is) must be the same at {@link KeyRing.open}. */
  seal(plaintext: string, context: string): Buffer;
  /** @throws SealError when key, context or bytes are not those of the sealing. */
  open(sealed: Buffer, context: string): string;
  /** True when the value is sealed under another key than the current one and should be sealed anew. */
  stale(sealed: Buffer): boolean;
}

/**
 * Layout of a sealed value: version (1 byte), length of the key id (1), key id, nonce (12), tag (16), ciphertext.
 * @param file ids and base64 keys of 32 bytes each; `current` seals.
 * @throws SealError when a key has another length.
 */
export function createKeyRing(file: { current: string; keys: Readonly<Record<string, string>> }): KeyRing {
  const keys = new Map(Object.entries(file.keys).map(([id, key]) => [id, Buffer.from(key, 'base64')]));
  for (const [id, key] of keys) if (key.length !== 32) throw new SealError(`the key ${id} is not 32 bytes long`);
  const current = keys.get(file.current);
  if (current === undefined) throw new SealError('the current key is not in the ring');

  const keyIdOf = (sealed: Buffer): string => {
    if (sealed.length < 2 || sealed[0] !== VERSION) throw new SealError('not a sealed value');
    return sealed.subarray(2, 2 + (sealed[1] ?? 0)).toString('utf8');
  };

  return {
    seal(plaintext, context) {
      const id = Buffer.from(file.current, 'utf8');
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current, nonce).setAAD(Buffer.from(context, 'utf8'));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.from([VERSION, id.length]), id, nonce, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, context) {
      const id = keyIdOf(sealed);
      const key = keys.get(id);
      if (key === undefined) throw new SealError('sealed under a key that is not in the ring');
      const at = 2 + Buffer.byteLength(id);
      if (sealed.length < at + NONCE_BYTES + TAG_BYTES) throw new SealError('a sealed value that is too short');
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(at, at + NONCE_BYTES))
        .setAAD(Buffer.from(context, 'utf8'))
        .setAuthTag(sealed.subarray(at + NONCE_BYTES, at + NONCE_BYTES + TAG_BYTES));
      try {
        return (
          decipher.update(sealed.subarray(at + NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
        );
      } catch (cause) {
        throw new SealError('a sealed value that does not open', { cause });
      }
    },
    stale: (sealed) => keyIdOf(sealed) !== file.current,
  };
}
