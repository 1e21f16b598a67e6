import type { FileEntry, FileStat } from '@netpilot/control-plane/contract/files.ts';
import { encodeRouterName, encodeRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import type { Accounts } from './accounts.ts';
import type { FileAttributes, NamedAttributes } from './file-road.ts';
import { versionOf } from './version.ts';

type Names = Awaited<ReturnType<Accounts['load']>>;

/** @returns an entry as the contract has it. */
export function presentEntry(entry: NamedAttributes, names: Names): FileEntry {
  return { name: encodeRouterName(entry.name), ...presentAttributes(entry, names) };
}

export function presentStat(path: Buffer, attributes: FileAttributes, names: Names): FileStat {
  return { path: encodeRouterPath(path), version: versionOf(attributes), ...presentAttributes(attributes, names) };
}

function presentAttributes(attributes: FileAttributes, names: Names): Omit<FileEntry, 'name'> {
  const { type, size, mode, uid, gid, modified, target } = attributes;
  return {
    type,
    size,
    mode,
    uid,
    gid,
    owner: names.owner(uid),
    group: names.group(gid),
    // Years past 9999 have a sign in ISO 8601; a router without a clock is at 1970, none is there.
    modifiedAt: modified === null || modified > 253_402_300_799 ? null : new Date(modified * 1_000).toISOString(),
    target: target && { name: encodeRouterName(target.name), leadsTo: target.leadsTo },
  };
}
