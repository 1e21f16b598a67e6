import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { command } from '../local/command.ts';
import { Obstacle } from '../local/obstacle.ts';
import { aptGet } from '../local/requirements.ts';

const FILES = join(import.meta.dirname, 'files');
const PACKAGES = ['dropbear-bin', 'busybox', 'nftables', 'iproute2', 'lua5.4', 'util-linux'];

/** Programs of the packages that the router has, as on OpenWrt, and where. */
const PROGRAMS: Readonly<Record<string, string>> = {
  busybox: 'bin/busybox',
  dropbear: 'usr/sbin/dropbear',
  dbclient: 'usr/bin/dbclient',
  dropbearkey: 'usr/bin/dropbearkey',
  flock: 'usr/bin/flock',
};
/** What the router's own programs stand on and a login never finds: not on any path. */
const HIDDEN: Readonly<Record<string, string>> = { ip: 'ip', tc: 'tc', nft: 'nft', 'lua5.4': 'lua' };
const HIDDEN_APPLETS = ['usleep', 'setsid', 'unshare', 'nsenter', 'timeout'];
const HIDDEN_FOLDER = 'usr/libexec/demo/bin';

/** Applets of OpenWrt's BusyBox. A script that stands on another must fail here as it would on a router. */
const APPLETS =
  '[ [[ ash awk basename bunzip2 bzcat cat chgrp chmod chown chroot clear cmp cp cut date df dirname dmesg du echo egrep env expr false fgrep find free grep gunzip gzip halt head hexdump hostid id ifconfig ip kill killall less ln logger login logread ls md5sum mkdir mkfifo mknod mktemp mount mv nc netstat nice nslookup pidof ping ping6 pivot_root poweroff printf pwd readlink renice reset rm rmdir route sed seq sh sha256sum sort start-stop-daemon strings switch_root sync syslogd sysctl tail tar tee test time top touch tr traceroute traceroute6 true udhcpc umount uname uniq uptime vi wc wget which xargs yes zcat'.split(
    ' ',
  );
/** Our programs, by the path that OpenWrt has them at. */
const LINKS: Readonly<Record<string, string>> = {
  'sbin/uci': '/usr/libexec/demo/uci',
  'bin/ubus': '/usr/libexec/demo/ubus',
  'sbin/fw4': '/usr/libexec/demo/fw4',
  'usr/bin/jsonfilter': '/usr/libexec/demo/jsonfilter',
  'usr/bin/ssh': 'dbclient',
  // Debian's Dropbear reads ~/.ssh/authorized_keys, OpenWrt's only /etc/dropbear/authorized_keys.
  'root/.ssh': '/etc/dropbear',
};
/** Packages of the router's feed that every image of the release has. */
const INSTALLED = ['nftables-json'];
const FOLDERS = 'dev proc sys tmp root var/run var/log var/lock overlay etc/rc.d usr/lib/opkg/info'.split(' ');

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
 * Assembles the router's root file system in `root`: some programs of Debian's packages with their libraries, taken out without installing
 * anything, and the files of this folder.
 * @param workspace an empty folder for the packages and what they hold.
 * @throws Obstacle when the packages cannot be downloaded.
 */
export async function assembleRootfs(root: string, workspace: string): Promise<void> {
  const unpacked = join(workspace, 'unpacked');
  await mkdir(unpacked, { recursive: true });
  for (const archive of await downloadPackages(join(workspace, 'archives'))) {
    const result = await command('dpkg-deb', ['-x', archive, unpacked]);
    if (result.code !== 0) throw new Error(`dpkg-deb could not unpack ${archive}: ${result.stderr.trim()}`);
  }
  for (const name of FOLDERS) await mkdir(join(root, name), { recursive: true });
  await copyPrograms(unpacked, root);
  for (const applet of APPLETS) await link(root, `${applet === 'ip' ? 'sbin' : 'usr/bin'}/${applet}`, '/bin/busybox');
  for (const shell of ['bin/ash', 'bin/sh']) await link(root, shell, '/bin/busybox');
  for (const applet of HIDDEN_APPLETS) await link(root, `${HIDDEN_FOLDER}/${applet}`, '/bin/busybox');
  for (const [path, target] of Object.entries(LINKS)) await link(root, path, target);
  await cp(FILES, root, { recursive: true });
  await setModes(root);
  for (const name of INSTALLED) await installPackage(root, name);
  await enableServices(root);
}

/** Leaves what `opkg install` would. */
async function installPackage(root: string, name: string): Promise<void> {
  const source = join(root, 'usr/libexec/demo/feed', name);
  const entries = await readdir(join(source, 'data'), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const list = paths.map((path) => `/${relative(join(source, 'data'), path)}\n`);
  await cp(join(source, 'data'), root, { recursive: true });
  await cp(join(source, 'control'), join(root, `usr/lib/opkg/info/${name}.control`));
  await writeFile(join(root, `usr/lib/opkg/info/${name}.list`), list.join(''));
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

/** Copies the programs and, asked of the packages' own loader, the libraries that each needs. */
async function copyPrograms(unpacked: string, root: string): Promise<void> {
  const libraries = (await folders(unpacked, ['lib', 'usr/lib'])).join(':');
  const loader = await find(unpacked, ['lib64', 'lib'], (entry) => /^ld-linux.*\.so\.\d+$/u.test(entry));
  const needed = new Set<string>();
  const copy = async (name: string, target: string) => {
    const source = await find(unpacked, ['bin', 'sbin', 'usr/bin', 'usr/sbin'], (entry) => entry === name);
    await mkdir(dirname(join(root, target)), { recursive: true });
    await cp(source, join(root, target), { dereference: true });
    const listed = await command(await inside(unpacked, loader), ['--library-path', libraries, '--list', source]);
    for (const [, path = ''] of listed.stdout.matchAll(/=> (\/\S+)/gu)) needed.add(path);
  };
  for (const [name, target] of Object.entries(PROGRAMS)) await copy(name, target);
  for (const [name, target] of Object.entries(HIDDEN)) await copy(name, `${HIDDEN_FOLDER}/${target}`);
  for (const path of needed) {
    if (!path.startsWith(unpacked)) continue;
    const target = join(root, relative(unpacked, path));
    await mkdir(dirname(target), { recursive: true });
    await cp(path, target, { dereference: true });
  }
  // Programs name the loader by this path; in the packages it is a link, which may be absolute.
  await mkdir(dirname(join(root, relative(unpacked, loader))), { recursive: true });
  await cp(await inside(unpacked, loader), join(root, relative(unpacked, loader)));
}

/** Folders below `names` that may hold libraries. */
async function folders(base: string, names: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const name of names) {
    const entries = await readdir(join(base, name), { withFileTypes: true }).catch(() => []);
    all.push(...entries.filter((entry) => entry.isDirectory()).map((entry) => join(base, name, entry.name)));
  }
  return all;
}

async function find(base: string, names: readonly string[], wanted: (entry: string) => boolean): Promise<string> {
  for (const name of names) {
    const entries = await readdir(join(base, name)).catch(() => []);
    const entry = entries.find(wanted);
    if (entry === undefined) continue;
    return join(base, name, entry);
  }
  throw new Error(`the packages of the demo router lack a program in ${names.join(', ')}`);
}

/** Where a link of the packages leads, seen from where they were unpacked. */
async function inside(base: string, path: string): Promise<string> {
  const target = await readlink(path).catch(() => null);
  if (target === null) return path;
  return target.startsWith('/') ? join(base, target) : join(dirname(path), target);
}

async function link(root: string, path: string, target: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(target, join(root, path));
}

/** Modes do not survive every checkout: programs are known by their first two bytes, secrets by name. */
async function setModes(root: string): Promise<void> {
  for (const entry of await readdir(FILES, { recursive: true, withFileTypes: true })) {
    const path = join(root, relative(FILES, join(entry.parentPath, entry.name)));
    if (entry.isDirectory()) await chmod(path, 0o755);
    else await chmod(path, (await readFile(path, 'utf8')).startsWith('#!') ? 0o755 : 0o644);
  }
  await chmod(join(root, 'etc/shadow'), 0o600);
  await chmod(join(root, 'etc/dropbear/authorized_keys'), 0o600);
  await chmod(join(root, 'etc/dropbear'), 0o700);
  await chmod(join(root, 'root'), 0o700);
  await chmod(join(root, 'tmp'), 0o1777);
}

/** Enables the services of this folder at the place that each asks for. */
async function enableServices(root: string): Promise<void> {
  for (const name of await readdir(join(FILES, 'etc/init.d'))) {
    const start = /^START=(\d+)$/mu.exec(await readFile(join(FILES, 'etc/init.d', name), 'utf8'))?.[1];
    if (start !== undefined) await symlink(`../init.d/${name}`, join(root, `etc/rc.d/S${start}${name}`));
  }
}
