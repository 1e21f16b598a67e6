import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/**
 * SHA-256 of a stream. The browser's own digest wants the whole file in memory, which a file of gigabytes has no room for.
 */
export class Sha256 {
  readonly #hash = sha256.create();
  #length = 0;

  /** Bytes taken so far. */
  get length(): number {
    return this.#length;
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    this.#length += bytes.length;
    return this;
  }

  /** @returns the digest in hexadecimal; nothing may be added afterwards. */
  digest(): string {
    return bytesToHex(this.#hash.digest());
  }
}
