import type { ArchiveEntry } from '../archive-entries.ts';
import { FileFailure } from '../file-failure.ts';
import { joinPath, splitPath, temporaryPath } from '../paths.ts';
import type { SftpRoad } from './sftp-road.ts';

/** Writes the entries of an archive below a folder, each file under a hidden name first. Folders that are links are not gone through. */
export async function unpackInto(road: SftpRoad, folder: Buffer, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  const known = new Set<string>(['']);
  const requireFolder = async (name: Buffer): Promise<void> => {
    const key = name.toString('latin1');
    if (known.has(key)) return;
    const parent = splitPath(joinPath(Buffer.from('/'), name)).folder.subarray(1);
    await requireFolder(parent);
    const path = joinPath(folder, name);
    const type = await typeOf(road, path);
    if (type === null) await road.createFolder(path);
    else if (type !== 'folder') throw new FileFailure('unsafe_name', name.toString('utf8'));
    known.add(key);
  };
  for await (const { type, name, mode, body } of entries) {
    if (type === 'folder') {
      await requireFolder(name);
      continue;
    }
    await requireFolder(splitPath(joinPath(Buffer.from('/'), name)).folder.subarray(1));
    const path = joinPath(folder, name);
    if ((await typeOf(road, path)) === 'folder') throw new FileFailure('is_directory');
    const temporary = temporaryPath(path);
    try {
      await road.openTemporary(temporary);
      await road.writeTemporary(temporary, 0, body);
      await road.chmod(temporary, mode);
      await road.rename(temporary, path, true);
    } catch (error) {
      await road.removeTemporary(temporary).catch(() => undefined);
      throw error;
    }
  }
}

async function typeOf(road: SftpRoad, path: Buffer): Promise<string | null> {
  try {
    return (await road.stat(path, false)).type;
  } catch (error) {
    if (error instanceof FileFailure && error.file === 'vanished') return null;
    throw error;
  }
}
