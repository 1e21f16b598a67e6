import type { FileExpectation } from '@netpilot/control-plane/contract/files.ts';
import type { RouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import type { Chosen } from './chosen-files.ts';
import { type TarMember, packTar } from './tar-writer.ts';
import type { TransferJob } from './transfer-job.ts';
import { pathOf, typedName } from './typed-name.ts';

/** Files up to this many bytes go together in one archive: one request for hundreds, instead of three for each. */
const SMALL_BYTES = 262_144;
/** What one archive holds at most. */
const BATCH_BYTES = 8_388_608;
const BATCH_FILES = 500;

/** One transfer that an upload is made of. */
export interface Planned {
  readonly name: string;
  readonly job: TransferJob;
}

/**
 * Divides what was chosen: single files one by one, so that each can pause and be compared; what comes with folders in archives, but for
 * its large files, which follow when their folders are there.
 * @param expect of files that are sent one by one.
 * @returns the transfers in the order in which they must begin, `after` when all of `first` that are archives have arrived; `refused` are names that no folder on a router can hold.
 */
export function planUpload(
  folder: RouterPath,
  chosen: readonly Chosen[],
  expect: FileExpectation,
): { first: Planned[]; after: Planned[]; refused: string[] } {
  const possible = chosen.filter(({ path }) => path.every((part) => typedName(part) !== null));
  const refused = chosen.filter((each) => !possible.includes(each)).map(({ path }) => path.join('/'));
  const deep = possible.filter(({ path, file }) => path.length > 1 || file === null);
  const single = possible.filter((each) => !deep.includes(each));
  const large = deep.filter(({ file }) => file !== null && file.size > SMALL_BYTES);
  const together = [
    ...foldersOf(deep),
    ...deep.filter(({ file }) => file !== null && file.size <= SMALL_BYTES).map(memberOf),
  ];
  const root = deep[0]?.path[0] ?? '';
  const first = batches(together).map((batch, index, all): Planned => ({
    name: all.length === 1 ? root : `${root} (part ${index + 1} of ${all.length})`,
    job: { type: 'unpack', path: folder, tar: packTar(batch) },
  }));
  const upload = ({ path, file }: Chosen): Planned => ({
    name: path.join('/'),
    job: { type: 'upload', path: below(folder, path), file: file ?? new File([], ''), expect },
  });
  return { first: [...first, ...single.map(upload)], after: large.map(upload), refused };
}

function foldersOf(chosen: readonly Chosen[]): TarMember[] {
  const seen = new Map<string, readonly string[]>();
  for (const { path, file } of chosen) {
    const depth = file === null ? path.length : path.length - 1;
    for (let length = 1; length <= depth; length += 1) {
      const folder = path.slice(0, length);
      seen.set(folder.join('/'), folder);
    }
  }
  return [...seen.values()].map((path) => ({ path, content: null, modifiedAt: Date.now() }));
}

function memberOf({ path, file }: Chosen): TarMember {
  return { path, content: file, modifiedAt: file?.lastModified ?? 0 };
}

function batches(members: readonly TarMember[]): TarMember[][] {
  const all: TarMember[][] = [];
  let bytes = 0;
  for (const member of members) {
    const size = member.content?.size ?? 0;
    const last = all.at(-1);
    if (last === undefined || last.length >= BATCH_FILES || bytes + size > BATCH_BYTES) {
      all.push([member]);
      bytes = size;
    } else {
      last.push(member);
      bytes += size;
    }
  }
  return all;
}

function below(folder: RouterPath, path: readonly string[]): RouterPath {
  return path.reduce((above, part) => {
    const name = typedName(part);
    if (name === null) throw new RangeError('a name that was let through');
    return pathOf(above, name);
  }, folder);
}
