import type { Readable } from 'node:stream';
import type { FileUnpacked } from '@netpilot/control-plane/contract/files.ts';
import { archiveEntries } from './archive-entries.ts';
import type { ArchiveEntry } from './archive-entries.ts';
import { FileFailure } from './file-failure.ts';
import type { FileRoad } from './file-road.ts';
import { joinPath, temporaryPath } from './paths.ts';

/** Puts what a tar archive holds below a folder that is there. @throws FileFailure */
export async function unpackArchive(road: FileRoad, folder: Buffer, archive: Readable): Promise<FileUnpacked> {
  if ((await road.stat(folder, true)).type !== 'folder') throw new FileFailure('not_directory');
  const unpacked = { files: 0, folders: 0, bytes: 0 };
  async function* counted(): AsyncGenerator<ArchiveEntry> {
    for await (const entry of archiveEntries(archive)) {
      if (entry.type === 'folder') unpacked.folders++;
      else unpacked.files++;
      unpacked.bytes += entry.size;
      yield entry;
    }
  }
  await road.unpack(folder, temporaryPath(joinPath(folder, Buffer.from('x'))), counted());
  return unpacked;
}
