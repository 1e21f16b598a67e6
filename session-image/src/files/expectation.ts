import type { FileExpectation } from '@netpilot/control-plane/contract/files.ts';
import { FileFailure } from './file-failure.ts';
import type { FileAttributes, FileRoad } from './file-road.ts';
import { isSameVersion, versionOf } from './version.ts';

/**
 * @param there what is at `path` now.
 * @throws FileFailure when that is not what a writer expects to replace: `is_directory`, `special`, `exists`, `changed`.
 */
export async function requireExpected(
  road: Pick<FileRoad, 'sha256'>,
  path: Buffer,
  there: FileAttributes | null,
  expect: FileExpectation,
): Promise<void> {
  if (there?.type === 'folder') throw new FileFailure('is_directory');
  if (there && there.type !== 'file') throw new FileFailure('special');
  if (expect.type === 'nothing' && there) throw new FileFailure('exists');
  if (expect.type === 'version' && !(there && isSameVersion(versionOf(there), expect.version)))
    throw new FileFailure('changed');
  if (expect.type !== 'content') return;
  const now = there ? await road.sha256(path, new AbortController().signal) : null;
  if (now?.sha256 !== expect.sha256) throw new FileFailure('changed');
}
