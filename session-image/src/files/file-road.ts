import type { Readable } from 'node:stream';
import type {
  FileCount,
  FileDigest,
  FileExpectation,
  FileRoadView,
  FileSpace,
  FileType,
} from '@netpilot/control-plane/contract/files.ts';
import type { ArchiveEntry } from './archive-entries.ts';

/** Paths and names are bytes here; text is made of them at the edge to the api. */
export interface FileAttributes {
  readonly type: FileType;
  readonly size: number;
  readonly mode: number;
  readonly uid: number | null;
  readonly gid: number | null;
  /** Seconds since 1970. */
  readonly modified: number | null;
  /** Decimal; null where the road does not show it. */
  readonly inode: string | null;
  readonly target: { readonly name: Buffer; readonly leadsTo: 'file' | 'folder' | 'special' | 'nothing' } | null;
}

export interface NamedAttributes extends FileAttributes {
  /** Of an entry of a folder its name; of what a search finds the path below the folder it began in. */
  readonly name: Buffer;
}

/** One batch of a listing. */
export interface Batch {
  readonly entries: NamedAttributes[];
  /** Named by the router, but not to be had. */
  readonly skipped: number;
}

export interface ByteRange {
  readonly offset: number;
  /** Null reads to the end. */
  readonly length: number | null;
}

/** A file or archive that is being read. Its reader destroys `body`, which ends what runs on the router. */
export interface OpenRead {
  readonly attributes: FileAttributes;
  /** Bytes that should come; null when nobody can say. */
  readonly length: number | null;
  readonly body: Readable;
  /** What is known once `body` has ended: attributes read again where that costs nothing. Rejects with a FileFailure. */
  ended(): Promise<{ after: FileAttributes | null }>;
}

/** A write that becomes visible only as a whole. */
export interface Replacement {
  /** What takes the path's place; it is in the same folder. */
  readonly temporary: Buffer;
  readonly path: Buffer;
  readonly expect: FileExpectation;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  readonly mode: number;
  /** Kept of the file that is replaced, where the router allows it. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

/**
 * One way to a router's files. Every method throws FileFailure for what the router refuses, ProblemError when it is not connected, and ends
 * what it started on the router when its signal aborts or its stream is destroyed.
 */
export interface FileRoad {
  readonly view: FileRoadView;
  /** The folder's own attributes come first, under an empty name. */
  list(folder: Buffer, signal: AbortSignal): AsyncIterable<Batch>;
  stat(path: Buffer, follow: boolean): Promise<FileAttributes>;
  /** The path without links, `.` and `..`; the last name need not be there. */
  realPath(path: Buffer): Promise<Buffer>;
  /** Refuses what is no regular file. */
  read(path: Buffer, range: ByteRange): Promise<OpenRead>;
  /** What a file holds from `back` bytes before its end, and what is added to it. */
  follow(path: Buffer, back: number): Promise<OpenRead>;
  tar(path: Buffer): Promise<OpenRead>;
  /** Entries whose name holds `text`, in any case of ASCII letters; `skipped` counts folders that could not be read. */
  search(folder: Buffer, text: string, signal: AbortSignal): AsyncIterable<Batch>;
  createFolder(path: Buffer): Promise<void>;
  createFile(path: Buffer): Promise<void>;
  /** @param temporary beside `to`, for moves from another file system. */
  rename(path: Buffer, to: Buffer, replace: boolean, temporary: Buffer): Promise<void>;
  copy(path: Buffer, to: Buffer, replace: boolean, temporary: Buffer, signal: AbortSignal): Promise<void>;
  remove(path: Buffer, recursive: boolean, signal: AbortSignal): Promise<void>;
  chmod(path: Buffer, mode: number): Promise<void>;
  count(path: Buffer, signal: AbortSignal): Promise<FileCount>;
  sha256(path: Buffer, signal: AbortSignal): Promise<FileDigest>;
  space(path: Buffer): Promise<FileSpace>;
  /** Makes a file that nobody else may read, or finds it. @returns its size. */
  openTemporary(path: Buffer): Promise<number>;
  /** Writes `body` from `offset` on over what is there. @returns the size after it; what came of a cut body is kept. */
  writeTemporary(path: Buffer, offset: number, body: Readable): Promise<number>;
  /** Verifies size and checksum, then what is expected, then renames; the temporary file is gone or untouched after a failure. */
  replace(replacement: Replacement): Promise<void>;
  removeTemporary(path: Buffer): Promise<void>;
  /**
   * Puts the entries of an archive below a folder, replacing files that are there, each with one rename; never through a link.
   * @param temporary in that folder, for what is not whole yet; nothing is left of it.
   */
  unpack(folder: Buffer, temporary: Buffer, entries: AsyncIterable<ArchiveEntry>): Promise<void>;
}
