const USERAUTH_REQUEST = 50;
/** Lengths of the exchange hash: SHA-1, SHA-256, SHA-384, SHA-512. */
const SESSION_ID_LENGTHS = new Set([20, 32, 48, 64]);

/** Signature algorithms that a public key of a type may sign with (RFC 4253, RFC 5656, RFC 8332, RFC 8709). */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
};

export interface UserauthRequest {
  /** The signature algorithm that the request names. */
  readonly algorithm: string;
}

/**
 * Reads what a client signs to authenticate with a public key (RFC 4252, section 7): the session identifier, then the request itself.
 * @param data the bytes that somebody wants signed.
 * @param publicKey the OpenSSH line (`ssh-ed25519 AAAA…`) of the only key that may be used.
 * @returns null unless `data` is, to the last byte, such a request for this user and this key.
 */
export function parseUserauthRequest(data: Uint8Array, user: string, publicKey: string): UserauthRequest | null {
  const [keyType = '', keyText = ''] = publicKey.split(' ');
  const reader = new Reader(data);
  const sessionId = reader.string();
  if (sessionId === null || !SESSION_ID_LENGTHS.has(sessionId.length)) return null;
  if (reader.byte() !== USERAUTH_REQUEST) return null;
  if (reader.text() !== user) return null;
  if (reader.text() !== 'ssh-connection') return null;
  if (reader.text() !== 'publickey') return null;
  if (reader.byte() !== 1) return null;
  const algorithm = reader.text();
  if (algorithm === null || ALGORITHMS[keyType]?.includes(algorithm) !== true) return null;
  const key = reader.string();
  if (key === null || !key.equals(Buffer.from(keyText, 'base64')) || key.length === 0) return null;
  return reader.atEnd ? { algorithm } : null;
}

/** The wire types of RFC 4251, section 5; null past the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number | null {
    const value = this.#bytes[this.#at];
    if (value === undefined) return null;
    this.#at += 1;
    return value;
  }

  string(): Buffer | null {
    if (this.#bytes.length - this.#at < 4) return null;
    const length = this.#bytes.readUInt32BE(this.#at);
    const start = this.#at + 4;
    if (this.#bytes.length - start < length) return null;
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** Latin-1, so that no two byte strings read as the same text. */
  text(): string | null {
    return this.string()?.toString('latin1') ?? null;
  }
}
