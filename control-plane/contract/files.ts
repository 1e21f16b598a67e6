import { z } from 'zod';
import { Instant } from './identifiers.ts';
import { RouterName, RouterPath } from './router-path.ts';

/**
 * Files on a router, between api and agent ({@link AGENT_FILE_PATHS}); entries, stats and changes are also what the REST API shows.
 *
 * Requests with a JSON body answer with JSON or NDJSON. Where bytes are the body, what else there is to say stands as base64url of JSON
 * in a header ({@link FILE_HEADER}): the request's in `request`, of an answer {@link FileReadHead} in `head`, and behind the last byte
 * {@link FileReadEnd} in the trailer `end`. A byte stream without that trailer was cut and is not whole.
 *
 * | request | body | answer |
 * | --- | --- | --- |
 * | `GET road` | | {@link FileRoadView} |
 * | `POST list` | {@link FileListInput} | stream of {@link FileListLine} |
 * | `POST stat` | {@link FileStatInput} | {@link FileStat} |
 * | `POST read` | {@link FileReadInput} | bytes |
 * | `POST follow` | {@link FileFollowInput} | bytes, until either side ends it |
 * | `POST tar` | {@link FilePathInput} | bytes of a tar archive (POSIX.1-2001 pax or ustar) |
 * | `POST search` | {@link FileSearchInput} | stream of {@link FileSearchLine} |
 * | `POST change` | {@link FileChange} | {@link FileChanged} |
 * | `POST count` | {@link FilePathInput} | {@link FileCount} |
 * | `POST sha256` | {@link FilePathInput} | {@link FileDigest} |
 * | `POST space` | {@link FilePathInput} | {@link FileSpace} |
 * | `POST upload-begin` | {@link FileUploadInput} | {@link FileUploadState} |
 * | `POST upload-bytes` | bytes, `request` {@link FileUploadBytes} | {@link FileUploadState} |
 * | `POST upload-finish` | {@link FileUploadFinish} | {@link FileStat} |
 * | `POST upload-abort` | {@link FileUploadRef} | 204 |
 * | `POST save` | bytes, `request` {@link FileSaveInput} | {@link FileStat} |
 * | `POST unpack` | bytes of a tar archive, `request` {@link FilePathInput} | {@link FileUnpacked} |
 *
 * Ending a stream early ends what it started on the router.
 */
export const AGENT_FILE_PATHS = {
  road: '/v1/files/road',
  list: '/v1/files/list',
  stat: '/v1/files/stat',
  read: '/v1/files/read',
  follow: '/v1/files/follow',
  tar: '/v1/files/tar',
  search: '/v1/files/search',
  change: '/v1/files/change',
  count: '/v1/files/count',
  sha256: '/v1/files/sha256',
  space: '/v1/files/space',
  uploadBegin: '/v1/files/upload-begin',
  uploadBytes: '/v1/files/upload-bytes',
  uploadFinish: '/v1/files/upload-finish',
  uploadAbort: '/v1/files/upload-abort',
  save: '/v1/files/save',
  unpack: '/v1/files/unpack',
} as const;

/** Headers and the trailer that carry base64url of JSON beside a byte stream. */
export const FILE_HEADER = { request: 'x-file-request', head: 'x-file-head', end: 'x-file-end' } as const;

/** Bytes that `save` takes; what is larger is an upload. */
export const MAX_SAVE_BYTES = 8_388_608;
/** Entries in one line of a listing or a search. */
export const MAX_LINE_ENTRIES = 200;

/** What can be wrong with a file; each is a row `file_…` of the problem table. */
export const FILE_ERRORS = [
  'vanished',
  'exists',
  'permission',
  'read_only',
  'no_space',
  'not_directory',
  'is_directory',
  'not_empty',
  'loop',
  'name_too_long',
  'busy',
  /** The version on the router is not the one that was expected. */
  'changed',
  /** A FIFO, socket or device: it has no content that ends. */
  'special',
  'not_supported',
  /** An upload goes on at another byte than the one that was sent. */
  'offset_mismatch',
  'checksum_mismatch',
  /** A name in an archive that leads out of its folder, or that a folder cannot hold. */
  'unsafe_name',
  /** More than fits: bytes for `save`, a stalled or endless answer. */
  'too_large',
  /** The router said something else; its words are in the detail. */
  'failed',
] as const;
export const FileError = z.enum(FILE_ERRORS);
export type FileError = z.infer<typeof FileError>;

/** What went wrong; `detail` is the router's own words without control characters. */
export const FileProblem = z.strictObject({
  file: FileError,
  detail: z
    .string()
    .max(500)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u),
});
export type FileProblem = z.infer<typeof FileProblem>;

export const FileType = z.enum(['file', 'folder', 'link', 'fifo', 'socket', 'block', 'character', 'unknown']);
export type FileType = z.infer<typeof FileType>;

const attributes = {
  type: FileType,
  /** Bytes; of a link the length of its target, of a device 0. */
  size: z.int().min(0),
  /** Permission bits with set-uid, set-gid and sticky: 0 to 0o7777. */
  mode: z.int().min(0).max(0o7777),
  uid: z.int().min(0).nullable(),
  gid: z.int().min(0).nullable(),
  /** Names of owner and group, where the router's own lists have them. */
  owner: z.string().max(64).nullable(),
  group: z.string().max(64).nullable(),
  /** To the second. */
  modifiedAt: Instant.nullable(),
  /** Of a link: where it points, word for word, and what is there now. */
  target: z.strictObject({ name: RouterName, leadsTo: z.enum(['file', 'folder', 'special', 'nothing']) }).nullable(),
};

export const FileEntry = z.strictObject({ name: RouterName, ...attributes });
export type FileEntry = z.infer<typeof FileEntry>;

/**
 * `version` differs when a file was changed: from size, modification time and, where the road shows it, inode. Two changes within a
 * second that keep the size may share one; {@link FileExpectation} of type `content` tells these apart.
 */
export const FileStat = z.strictObject({ path: RouterPath, version: z.string().min(1).max(100), ...attributes });
export type FileStat = z.infer<typeof FileStat>;

/** How this router's files are reached. */
export const FileRoadView = z.strictObject({
  /** `sftp` where the router has that server, else plain commands of its `shell`. */
  road: z.enum(['sftp', 'shell']),
  /** The way bytes go: commands are faster wherever there is a shell. */
  bytes: z.enum(['sftp', 'shell']),
  /** Where the person starts. */
  home: RouterPath,
});
export type FileRoadView = z.infer<typeof FileRoadView>;

export const FilePathInput = z.strictObject({ path: RouterPath });
export type FilePathInput = z.infer<typeof FilePathInput>;

export const FileStatInput = z.strictObject({
  path: RouterPath,
  /** False tells of a link itself. */
  follow: z.boolean(),
});
export type FileStatInput = z.infer<typeof FileStatInput>;

export const FileListInput = FilePathInput;
export type FileListInput = FilePathInput;

/** In this order: `folder`, any number of `entries` in no order, then `end` or `problem`. */
export const FileListLine = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('folder'), folder: FileStat }),
  z.strictObject({ type: z.literal('entries'), entries: z.array(FileEntry).max(MAX_LINE_ENTRIES) }),
  z.strictObject({
    type: z.literal('end'),
    count: z.int().min(0),
    /** Entries that the router named but that no folder can hold, or that were gone before they were looked at. */
    skipped: z.int().min(0),
  }),
  z.strictObject({ type: z.literal('problem'), problem: FileProblem }),
]);
export type FileListLine = z.infer<typeof FileListLine>;

export const FileReadInput = z.strictObject({
  path: RouterPath,
  offset: z.int().min(0),
  /** Bytes at most; null reads to the end. A file whose size is said to be 0 (`/proc`) is read to its end, at most 64 MiB. */
  length: z.int().min(0).nullable(),
  /** Refuses with `changed` when the file has another version. */
  version: z.string().max(100).nullable(),
});
export type FileReadInput = z.infer<typeof FileReadInput>;

export const FileReadHead = z.strictObject({
  stat: FileStat,
  offset: z.int().min(0),
  /** Bytes that follow; null when the router cannot say (a file of `/proc`, an archive, a followed file). */
  length: z.int().min(0).nullable(),
});
export type FileReadHead = z.infer<typeof FileReadHead>;

export const FileReadEnd = z.strictObject({
  /** Bytes sent; whoever wants their checksum counts what arrives. */
  bytes: z.int().min(0),
  /**
   * `grew`, `shrank`, `changed`: the file did while it was read; what was sent is the range as announced, or less. `cut`: the connection to the
   * router went.
   */
  outcome: z.enum(['complete', 'grew', 'shrank', 'changed', 'cut', 'problem']),
  problem: FileProblem.nullable(),
});
export type FileReadEnd = z.infer<typeof FileReadEnd>;

export const FileFollowInput = z.strictObject({
  path: RouterPath,
  /** Bytes before the end to begin at. */
  back: z.int().min(0).max(1_048_576),
});
export type FileFollowInput = z.infer<typeof FileFollowInput>;

export const FileSearchInput = z.strictObject({
  path: RouterPath,
  /** Part of a name, in any case of ASCII letters; no pattern. */
  text: z.string().min(1).max(200),
  /** Ends after so many. */
  limit: z.int().min(1).max(100_000),
});
export type FileSearchInput = z.infer<typeof FileSearchInput>;

/** What a search found: an entry and the folder it is in. Links are not followed. */
export const FileFound = z.strictObject({ folder: RouterPath, entry: FileEntry });
export type FileFound = z.infer<typeof FileFound>;

export const FileSearchLine = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('found'), found: z.array(FileFound).max(MAX_LINE_ENTRIES) }),
  z.strictObject({
    type: z.literal('end'),
    count: z.int().min(0),
    /** True when there may be more than `limit`. */
    limited: z.boolean(),
    /** Folders that could not be looked into. */
    unreadable: z.int().min(0),
  }),
  z.strictObject({ type: z.literal('problem'), problem: FileProblem }),
]);
export type FileSearchLine = z.infer<typeof FileSearchLine>;

const Mode = z.int().min(0).max(0o7777);

export const FileChange = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('create_folder'), path: RouterPath }),
  z.strictObject({ type: z.literal('create_file'), path: RouterPath }),
  /** Moves too. `replace` false refuses with `exists`; a folder is never replaced. */
  z.strictObject({ type: z.literal('rename'), path: RouterPath, to: RouterPath, replace: z.boolean() }),
  /** Folders with all in them; links stay links. `to` is the new path itself. */
  z.strictObject({ type: z.literal('copy'), path: RouterPath, to: RouterPath, replace: z.boolean() }),
  /** Of a link the link. A folder that holds something only when `recursive`. */
  z.strictObject({ type: z.literal('delete'), path: RouterPath, recursive: z.boolean() }),
  z.strictObject({ type: z.literal('chmod'), path: RouterPath, mode: Mode }),
]);
export type FileChange = z.infer<typeof FileChange>;

/** What is at the path (`to` where there is one) after the change; null after `delete`. */
export const FileChanged = z.strictObject({ stat: FileStat.nullable() });
export type FileChanged = z.infer<typeof FileChanged>;

/** All below a path, itself included; links are counted and not followed. */
export const FileCount = z.strictObject({
  entries: z.int().min(0),
  /** Sum of the sizes of files in bytes. */
  bytes: z.int().min(0),
  /** False when counting stopped at a bound: there are more. */
  complete: z.boolean(),
});
export type FileCount = z.infer<typeof FileCount>;

export const FileDigest = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/u),
  size: z.int().min(0),
});
export type FileDigest = z.infer<typeof FileDigest>;

/** The file system that holds a path, in bytes; null where the router cannot say. */
export const FileSpace = z.strictObject({
  total: z.int().min(0).nullable(),
  /** What this user may still write. */
  available: z.int().min(0).nullable(),
});
export type FileSpace = z.infer<typeof FileSpace>;

/** What must be at the path for a write to go through; otherwise `changed` or `exists`. */
export const FileExpectation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('anything') }),
  z.strictObject({ type: z.literal('nothing') }),
  z.strictObject({ type: z.literal('version'), version: z.string().min(1).max(100) }),
  z.strictObject({ type: z.literal('content'), sha256: z.string().regex(/^[0-9a-f]{64}$/u) }),
]);
export type FileExpectation = z.infer<typeof FileExpectation>;

/**
 * An upload grows in a hidden file beside its path ({@link uploadIdOf}), which nobody else may read, and takes the path's name with one
 * rename when it is whole and verified. All that the agent needs is in the requests and on the router: an upload goes on after any cut.
 */
export const FileUploadRef = z.strictObject({
  /** Chosen by the api, never used again: 32 hex digits. */
  uploadId: z.string().regex(/^[0-9a-f]{32}$/u),
  path: RouterPath,
});
export type FileUploadRef = z.infer<typeof FileUploadRef>;

/** Refuses at once what would fail at the end: no folder, no right, no space, not what is expected. */
export const FileUploadInput = z.strictObject({
  ...FileUploadRef.shape,
  /** Of the whole file in bytes. */
  size: z.int().min(0),
  expect: FileExpectation,
});
export type FileUploadInput = z.infer<typeof FileUploadInput>;

/** `offset` must be what the state says. */
export const FileUploadBytes = z.strictObject({ ...FileUploadRef.shape, offset: z.int().min(0) });
export type FileUploadBytes = z.infer<typeof FileUploadBytes>;

/** Bytes that are safely there, at which the upload goes on. */
export const FileUploadState = z.strictObject({ offset: z.int().min(0) });
export type FileUploadState = z.infer<typeof FileUploadState>;

/** `mode` null keeps the mode of the file that is replaced; a new one gets 0644. Its owner and group are kept where that is allowed. */
export const FileUploadFinish = z.strictObject({
  ...FileUploadInput.shape,
  sha256: z.string().regex(/^[0-9a-f]{64}$/u),
  mode: Mode.nullable(),
});
export type FileUploadFinish = z.infer<typeof FileUploadFinish>;

/** A whole small file at once, as an editor saves it: atomically, like an upload. */
export const FileSaveInput = z.strictObject({ path: RouterPath, expect: FileExpectation, mode: Mode.nullable() });
export type FileSaveInput = z.infer<typeof FileSaveInput>;

/** A folder upload: what the archive holds is put below `path`, files that are there are replaced, each with one rename. */
export const FileUnpacked = z.strictObject({
  files: z.int().min(0),
  folders: z.int().min(0),
  bytes: z.int().min(0),
});
export type FileUnpacked = z.infer<typeof FileUnpacked>;

/** @returns the id of the upload that grows in a hidden file of this name; null for every other name. */
export function uploadIdOf({ raw, text }: RouterName): string | null {
  return raw === null ? (/^\.netpilot-([0-9a-f]{32})\.part$/u.exec(text)?.[1] ?? null) : null;
}
