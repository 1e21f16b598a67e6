import type { FileEntry, FileRoadView, FileType } from '@netpilot/control-plane/contract/files.ts';

/** @returns a number of seconds as people say it: `5 s`, `2 min`, `1 h 20 min`. */
export function secondsWords(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** @returns a moment as the person's own clock shows it: `2 Nov 2026, 10:04`. */
export function timeWords(instant: string): string {
  return TIME.format(Date.parse(instant));
}

const LETTERS: Readonly<Record<FileType, string>> = {
  file: '-',
  folder: 'd',
  link: 'l',
  fifo: 'p',
  socket: 's',
  block: 'b',
  character: 'c',
  unknown: '?',
};

/** @returns type and permission bits as `ls -l` writes them: `-rwsr-xr-t`. */
export function modeWords({ type, mode }: Pick<FileEntry, 'type' | 'mode'>): string {
  const special = [(mode & 0o4000) !== 0, (mode & 0o2000) !== 0, (mode & 0o1000) !== 0];
  const triples = [mode >> 6, mode >> 3, mode].map((bits, at) => {
    const read = (bits & 4) === 0 ? '-' : 'r';
    const write = (bits & 2) === 0 ? '-' : 'w';
    const run = (bits & 1) !== 0;
    const letter = at === 2 ? 't' : 's';
    if (special[at] === true) return read + write + (run ? letter : letter.toUpperCase());
    return read + write + (run ? 'x' : '-');
  });
  return LETTERS[type] + triples.join('');
}

/** @returns owner and group by name where the router has names, else by number. */
export function ownerWords({ owner, group, uid, gid }: Pick<FileEntry, 'owner' | 'group' | 'uid' | 'gid'>): string {
  return `${owner ?? uid ?? '?'}:${group ?? gid ?? '?'}`;
}

const KINDS: Readonly<Record<FileType, string>> = {
  file: 'file',
  folder: 'folder',
  link: 'link',
  fifo: 'pipe',
  socket: 'socket',
  block: 'block device',
  character: 'device',
  unknown: 'unknown thing',
};

/** @returns what an entry is, for a person who cannot see its icon. */
export function kindWords({ type, target }: Pick<FileEntry, 'type' | 'target'>): string {
  if (type !== 'link' || target === null) return KINDS[type];
  return target.leadsTo === 'nothing' ? 'broken link' : `link to a ${target.leadsTo}`;
}

/** @returns how this router's files are reached. */
export function roadWords({ road, bytes }: FileRoadView): string {
  if (road === 'shell') return 'over plain commands';
  return bytes === 'sftp' ? 'over SFTP' : 'over SFTP, bytes over commands';
}

/** True for what behaves as a folder: one, or a link to one. */
export function isFolder({ type, target }: Pick<FileEntry, 'type' | 'target'>): boolean {
  return type === 'folder' || (type === 'link' && target?.leadsTo === 'folder');
}

/** True for what has content that ends: a file, or a link to one. */
export function isFile({ type, target }: Pick<FileEntry, 'type' | 'target'>): boolean {
  return type === 'file' || (type === 'link' && target?.leadsTo === 'file');
}
