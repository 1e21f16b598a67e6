/** One member of an archive: a folder when it has no content. */
export interface TarMember {
  /** Parts of the path below the archive's root, each a plain name. */
  readonly path: readonly string[];
  readonly content: Blob | null;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

const BLOCK = 512;
const encoder = new TextEncoder();

/**
 * Makes a tar archive (POSIX.1-2001 pax) whose contents stay where they are: the browser reads each file when its turn comes.
 * @returns a Blob to send.
 */
export function packTar(members: readonly TarMember[]): Blob {
  const parts: BlobPart[] = [];
  for (const { path, content, modifiedAt } of members) {
    const name = encoder.encode(path.join('/') + (content === null ? '/' : ''));
    const seconds = Math.max(0, Math.floor(modifiedAt / 1_000));
    if (name.length > 100) {
      const record = paxRecord('path', name);
      parts.push(header(encoder.encode('pax'), 'x', record.length, 0o644, seconds), record, padding(record.length));
    }
    const size = content?.size ?? 0;
    parts.push(
      header(name.subarray(0, 100), content === null ? '5' : '0', size, content === null ? 0o755 : 0o644, seconds),
    );
    if (content !== null) parts.push(content, padding(size));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return new Blob(parts, { type: 'application/x-tar' });
}

function header(name: Uint8Array, type: string, size: number, mode: number, seconds: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (text: string, at: number) => block.set(encoder.encode(text), at);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  block.set(name);
  put(octal(mode, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(size, 11), 124);
  put(octal(seconds, 11), 136);
  put('        ', 148);
  put(type, 156);
  put('ustar\0', 257);
  put('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** `length key=value\n`, where the length counts its own digits too. */
function paxRecord(key: string, value: Uint8Array): Uint8Array<ArrayBuffer> {
  const rest = encoder.encode(` ${key}=`);
  const bare = rest.length + value.length + 1;
  let length = bare + 1;
  while (length !== bare + String(length).length) length = bare + String(length).length;
  const record = new Uint8Array(length);
  const digits = encoder.encode(String(length));
  record.set(digits);
  record.set(rest, digits.length);
  record.set(value, digits.length + rest.length);
  record[length - 1] = 0x0a;
  return record;
}

function padding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}
