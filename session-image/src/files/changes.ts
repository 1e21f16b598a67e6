import type { FileChange } from '@netpilot/control-plane/contract/files.ts';
import type { FileAttributes, FileRoad } from './file-road.ts';
import { pathBytes, requireOwnName, temporaryPath } from './paths.ts';

/** Makes one change. @returns what is there after it; null after a deletion. @throws FileFailure */
export async function makeChange(
  road: FileRoad,
  change: FileChange,
  signal: AbortSignal,
): Promise<{ path: Buffer; attributes: FileAttributes } | null> {
  const path = pathBytes(change.path);
  const at = async (where: Buffer, follow = false) => ({ path: where, attributes: await road.stat(where, follow) });
  switch (change.type) {
    case 'create_folder':
      await road.createFolder(requireOwnName(path));
      return at(path);
    case 'create_file':
      await road.createFile(requireOwnName(path));
      return at(path);
    case 'rename':
    case 'copy': {
      const to = requireOwnName(pathBytes(change.to));
      requireOwnName(path);
      const temporary = temporaryPath(to);
      if (change.type === 'rename') await road.rename(path, to, change.replace, temporary);
      else await road.copy(path, to, change.replace, temporary, signal);
      return at(to);
    }
    case 'delete':
      await road.remove(requireOwnName(path), change.recursive, signal);
      return null;
    case 'chmod':
      await road.chmod(path, change.mode);
      return at(path, true);
  }
}
