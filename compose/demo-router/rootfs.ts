import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from '../local/command.ts';
import { Obstacle } from '../local/obstacle.ts';
import { aptGet } from '../local/requirements.ts';

const FILES = join(import.meta.dirname, 'files');
const PACKAGES = ['dropbear-bin', 'busybox-static'];

/** Applets that OpenWrt's BusyBox lacks: a script that stands on them must fail here as it would on a router. */
const LACKING = new Set(
  'ar arp arping base64 bc busybox comm cttyhack diff dpkg dpkg-deb ed ftpget ftpput getty ionice last mt nohup od partprobe realpath rpm rpm2cpio setsid sha1sum shred shuf stat stty su svc svok telnet telnetd tftp timeout ts tty uudecode uuencode w watch xxd init linuxrc'.split(
    ' ',
  ),
);

/** @returns a digest of everything the image is made of, as far as this repository decides it. */
export async function rootfsVersion(): Promise<string> {
  const hash = createHash('sha256').update(PACKAGES.join(' '));
  const entries = await readdir(FILES, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of [...paths, import.meta.filename].sort())
    hash.update(`\0${path.slice(FILES.length)}\0`).update(await readFile(path));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Assembles the router's root file system in `root`: Dropbear and its libraries and a static BusyBox, taken out of their Debian
 * packages without installing them, and the files of this folder on top.
 * @throws Obstacle when the packages cannot be downloaded.
 */
export async function assembleRootfs(root: string, archives: string): Promise<void> {
  for (const archive of await downloadPackages(archives)) {
    const unpacked = await command('dpkg-deb', ['-x', archive, root]);
    if (unpacked.code !== 0) throw new Error(`dpkg-deb could not unpack ${archive}: ${unpacked.stderr.trim()}`);
  }
  for (const name of ['usr/share', 'etc/init.d', 'etc/default', 'lib/udev', 'usr/lib/x86_64-linux-gnu/gconv']) {
    await rm(join(root, name), { recursive: true, force: true });
  }
  for (const name of [
    'dev',
    'proc',
    'sys',
    'tmp',
    'root',
    'var/run',
    'var/log',
    'var/lock',
    'overlay',
    'etc/rc.d',
    'usr/share',
    'usr/libexec',
    'usr/sbin',
    'sbin',
  ]) {
    await mkdir(join(root, name), { recursive: true });
  }
  await chmod(join(root, 'tmp'), 0o1777);
  await linkApplets(root);
  await cp(FILES, root, { recursive: true });
  await setModes(root);
  // Debian's Dropbear reads ~/.ssh/authorized_keys, OpenWrt's only /etc/dropbear/authorized_keys.
  await symlink('/etc/dropbear', join(root, 'root/.ssh'));
  await symlink('dbclient', join(root, 'usr/bin/ssh'));
  await symlink('../init.d/dropbear', join(root, 'etc/rc.d/S19dropbear'));
  await symlink('../init.d/uplink', join(root, 'etc/rc.d/S20uplink'));
}

/** Downloads {@link PACKAGES} with all they depend on, as if nothing were installed, and verified by apt's own keys. */
async function downloadPackages(archives: string): Promise<string[]> {
  await mkdir(join(archives, 'partial'), { recursive: true });
  const download = () =>
    aptGet([
      '-o',
      'Dir::State::status=/dev/null',
      '-o',
      `Dir::Cache::archives=${archives}/`,
      '-o',
      'APT::Sandbox::User=root',
      '--download-only',
      '-y',
      '--no-install-recommends',
      'install',
      ...PACKAGES,
    ]);
  if ((await download()) !== null) {
    await aptGet(['update']);
    const why = await download();
    if (why !== null)
      throw new Obstacle(
        `The packages of the demo router could not be downloaded (${why}): check the network and run "apt-get update".`,
      );
  }
  return (await readdir(archives)).filter((name) => name.endsWith('.deb')).map((name) => join(archives, name));
}

async function linkApplets(root: string): Promise<void> {
  const busybox = join(root, 'bin/busybox');
  const list = await command(busybox, ['--list']);
  for (const applet of list.stdout.split('\n')) {
    if (applet === '' || LACKING.has(applet)) continue;
    for (const folder of ['bin', 'usr/bin']) {
      const link = join(root, folder, applet);
      await rm(link, { force: true });
      await symlink('/bin/busybox', link);
    }
  }
}

/** Modes do not survive every checkout: programs are known by their first two bytes, secrets by name. */
async function setModes(root: string): Promise<void> {
  for (const entry of await readdir(FILES, { recursive: true, withFileTypes: true })) {
    const relative = join(entry.parentPath, entry.name).slice(FILES.length + 1);
    const target = join(root, relative);
    if (entry.isDirectory()) await chmod(target, 0o755);
    else await chmod(target, (await readFile(target, 'utf8')).startsWith('#!') ? 0o755 : 0o644);
  }
  await chmod(join(root, 'etc/shadow'), 0o600);
  await chmod(join(root, 'etc/dropbear/authorized_keys'), 0o600);
  await chmod(join(root, 'etc/dropbear'), 0o700);
  await chmod(join(root, 'root'), 0o700);
  await stat(join(root, 'usr/sbin/dropbear'));
}
