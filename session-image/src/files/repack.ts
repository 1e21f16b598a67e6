import { pipeline } from 'node:stream/promises';
import type { Pack } from 'tar-stream';
import type { ArchiveEntry } from './archive-entries.ts';

/** Writes entries into an archive of our own, which holds nothing but what was looked at. */
export async function repack(entries: AsyncIterable<ArchiveEntry>, archive: Pack): Promise<void> {
  for await (const { type, name, mode, modified, size, body } of entries) {
    const header = { name: `./${name.toString('utf8')}`, mode, uid: 0, gid: 0, mtime: new Date(modified * 1_000) };
    if (type === 'folder') archive.entry({ ...header, type: 'directory' });
    else await pipeline(body, archive.entry({ ...header, type: 'file', size }));
  }
  archive.finalize();
}
