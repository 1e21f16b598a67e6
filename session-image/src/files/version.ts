import type { FileAttributes } from './file-road.ts';

/** @returns a text that differs when a file was changed, as far as its attributes show. */
export function versionOf({ size, modified, inode }: Pick<FileAttributes, 'size' | 'modified' | 'inode'>): string {
  return `${size}.${modified ?? '-'}.${inode ?? '-'}`;
}

/** True when both name the same; what one of them does not know decides nothing. */
export function isSameVersion(a: string, b: string): boolean {
  const [left, right] = [a.split('.'), b.split('.')];
  if (left.length !== 3 || right.length !== 3) return false;
  return left.every((part, index) => part === right[index] || part === '-' || right[index] === '-');
}

/** @returns inode, size, date and time as `ls -ldni --full-time` shows them in UTC, `-` for an unknown inode; '' for no version. */
export function lineOfVersion(version: string): string {
  const [size = '', modified = '', inode = ''] = version.split('.');
  if (!/^\d{1,16}$/u.test(size) || !/^\d{1,11}$/u.test(modified)) return '';
  const [date, time] = new Date(Number(modified) * 1_000).toISOString().split('T');
  return `${/^\d+$/u.test(inode) ? inode : '-'} ${size} ${date} ${time?.slice(0, 8)}`;
}
