import type { FileType } from '@netpilot/control-plane/contract/files.ts';
import type { FileAttributes } from '../file-road.ts';

/** The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02) that a client needs, and OpenSSH's extensions (its PROTOCOL, section 4). */
export const TYPE = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extendedReply: 201,
} as const;

export const STATUS = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;
export const OPEN = { read: 0x01, write: 0x02, create: 0x08, exclusive: 0x20 } as const;

const ATTR = { size: 0x01, owner: 0x02, mode: 0x04, times: 0x08, extended: 0x80000000 } as const;

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Bytes behind their length (RFC 4251, section 5). */
export function string(bytes: Buffer | string): Buffer {
  const value = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return Buffer.concat([u32(value.length), value]);
}

/** Attributes to set; those left out stay as they are. */
export function attributesToSet(set: { mode?: number; owner?: { uid: number; gid: number } }): Buffer {
  const flags = (set.owner ? ATTR.owner : 0) | (set.mode === undefined ? 0 : ATTR.mode);
  return Buffer.concat([
    u32(flags),
    ...(set.owner ? [u32(set.owner.uid), u32(set.owner.gid)] : []),
    ...(set.mode === undefined ? [] : [u32(set.mode)]),
  ]);
}

/** A packet that is not what the protocol says: the server is not one to go on with. */
export class PacketError extends Error {
  override name = 'PacketError';
}

/** Reads the fields of one packet. @throws PacketError past its end */
export class PacketReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  /** Sizes over what a number holds exactly are cut down to that. */
  u64(): number {
    const value = this.#bytes.readBigUInt64BE(this.#take(8));
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
  }

  /** A view, not a copy. */
  string(): Buffer {
    const length = this.u32();
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  attributes(): Omit<FileAttributes, 'target'> {
    const flags = this.u32();
    const size = flags & ATTR.size ? this.u64() : 0;
    const uid = flags & ATTR.owner ? this.u32() : null;
    const gid = flags & ATTR.owner ? this.u32() : null;
    const mode = flags & ATTR.mode ? this.u32() : 0;
    if (flags & ATTR.times) this.u32();
    const modified = flags & ATTR.times ? this.u32() : null;
    if (flags & ATTR.extended) {
      for (let left = this.u32(); left > 0; left--) {
        this.string();
        this.string();
      }
    }
    return { type: typeOf(mode), size, mode: mode & 0o7777, uid, gid, modified, inode: null };
  }

  #take(length: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw new PacketError('a packet that is too short');
    this.#at = from + length;
    return from;
  }
}

const TYPES: Readonly<Record<number, FileType>> = {
  0o100000: 'file',
  0o040000: 'folder',
  0o120000: 'link',
  0o010000: 'fifo',
  0o140000: 'socket',
  0o060000: 'block',
  0o020000: 'character',
};

function typeOf(mode: number): FileType {
  return TYPES[mode & 0o170000] ?? 'unknown';
}
