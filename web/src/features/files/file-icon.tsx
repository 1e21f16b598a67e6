import type { FileEntry } from '@netpilot/control-plane/contract/files.ts';
import {
  IconFile,
  IconFileSymlink,
  IconFolder,
  IconFolderSymlink,
  IconLinkOff,
  IconPlugConnected,
} from '@tabler/icons-react';
import { isFolder } from './file-words.ts';

/** What an entry is, at a glance; its words stand elsewhere. */
export function FileIcon({ entry }: { entry: Pick<FileEntry, 'type' | 'target'> }) {
  const Icon =
    entry.type === 'link'
      ? entry.target?.leadsTo === 'nothing'
        ? IconLinkOff
        : isFolder(entry)
          ? IconFolderSymlink
          : IconFileSymlink
      : entry.type === 'folder'
        ? IconFolder
        : entry.type === 'file'
          ? IconFile
          : IconPlugConnected;
  return <Icon size={18} aria-hidden data-kind={isFolder(entry) ? 'folder' : entry.type} className="np-file-icon" />;
}
