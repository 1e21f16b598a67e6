import { z } from 'zod';

/** What a process in a sandbox finds out about its walls. */
export const ProbeReport = z.strictObject({
  /** Fields of /proc/self/status. */
  status: z.record(z.string(), z.string()),
  interfaces: z.array(z.string()),
  /** Directories where a file could be made, and whether a file there could be run. */
  writable: z.array(z.strictObject({ path: z.string(), executable: z.boolean() })),
  /** Paths that exist and must not: Docker's socket, shells, package managers. */
  present: z.array(z.string()),
  setuid: z.array(z.string()),
  /** Kernel files that gave bytes, of those that must be masked. */
  unmasked: z.array(z.string()),
  /** Addresses that answered or refused, which both mean a network. */
  reached: z.array(z.string()),
  becameRoot: z.boolean(),
  mounts: z.array(z.strictObject({ path: z.string(), type: z.string(), options: z.string() })),
  namespaces: z.record(z.string(), z.string()),
  environment: z.array(z.string()),
  limits: z.record(z.string(), z.string()),
});
export type ProbeReport = z.infer<typeof ProbeReport>;

/**
 * Run inside a sandbox as `/usr/local/bin/node -e PROBE_SCRIPT`: prints one {@link ProbeReport} as JSON. The image has no shell, so
 * everything is tried from Node.
 */
export const PROBE_SCRIPT = String.raw`
const fs = require('node:fs');
const net = require('node:net');
const { spawnSync } = require('node:child_process');
const attempt = (action, otherwise) => { try { return action(); } catch { return otherwise; } };
const lines = (path) => attempt(() => fs.readFileSync(path, 'utf8'), '').split('\n').filter(Boolean);

const status = Object.fromEntries(lines('/proc/self/status').map((line) => line.split(/:\s+/)).map(([key, value]) => [key, value ?? '']));

const writable = [];
const mounts = lines('/proc/self/mountinfo').map((line) => {
  const [before, after] = line.split(' - ');
  return { path: before.split(' ')[4], type: after.split(' ')[0], options: before.split(' ')[5] };
});
const directories = new Set(['/', '/app', '/etc', '/usr', '/usr/local/bin', '/lib', '/session', '/tmp', '/run', '/var/run', '/var/tmp', '/home', '/root', '/dev', '/dev/shm', '/sys', '/sys/fs/cgroup', '/proc', '/proc/sys/kernel', ...mounts.map((mount) => mount.path)]);
for (const path of directories) {
  const file = (path === '/' ? '' : path) + '/probe-' + process.pid;
  try { fs.writeFileSync(file, '#!' + process.execPath + '\nprocess.exit(42)\n', { mode: 0o755 }); } catch { continue; }
  attempt(() => fs.chmodSync(file, 0o755));
  writable.push({ path, executable: spawnSync(file).status === 42 });
  attempt(() => fs.unlinkSync(file));
}
for (const path of ['/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/app/agent.cjs', '/etc/passwd']) {
  attempt(() => { fs.closeSync(fs.openSync(path, 'r+')); writable.push({ path, executable: false }); });
}

const setuid = [];
const walk = (path) => {
  for (const entry of attempt(() => fs.readdirSync(path, { withFileTypes: true }), [])) {
    const inner = (path === '/' ? '' : path) + '/' + entry.name;
    if (['/proc', '/sys', '/dev'].includes(inner)) continue;
    const stat = attempt(() => fs.lstatSync(inner), null);
    if (!stat) continue;
    if (stat.isFile() && (stat.mode & 0o6000) !== 0) setuid.push(inner);
    if (stat.isDirectory()) walk(inner);
  }
};
walk('/');

const firstBytes = (path) => {
  const fd = fs.openSync(path, 'r');
  try { return fs.readSync(fd, Buffer.alloc(16)); } finally { fs.closeSync(fd); }
};
const unmasked = [
  ...['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/sched_debug', '/proc/latency_stats'].filter((path) => attempt(() => firstBytes(path), 0) > 0),
  ...['/sys/firmware', '/proc/acpi', '/proc/scsi'].filter((path) => attempt(() => fs.readdirSync(path), []).length > 0),
];

const dial = (host, port) => new Promise((resolve) => {
  const socket = net.connect({ host, port });
  const done = (answer) => { socket.destroy(); resolve(answer); };
  socket.once('connect', () => done(true));
  // The sandbox's own loopback may refuse; anything else that refuses is a machine that we reached.
  socket.once('error', (error) => done(error.code === 'ECONNREFUSED' && !/^(127\.|::1$)/.test(host)));
  setTimeout(() => done(false), 2000);
});
const targets = [['127.0.0.1', 22], ['127.0.0.1', 2375], ['127.0.0.1', 8080], ['127.0.0.1', 2222], ['::1', 2222], ['169.254.169.254', 80], ['172.17.0.1', 22], ['172.17.0.1', 2375], ['10.0.0.1', 80], ['1.1.1.1', 53], ['fd00::1', 80]];

const report = {
  status,
  interfaces: attempt(() => fs.readdirSync('/sys/class/net'), lines('/proc/net/dev').slice(2).map((line) => line.trim().split(':')[0])),
  writable,
  present: ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock', '/bin/sh', '/usr/bin/sh', '/bin/bash', '/bin/busybox', '/usr/bin/apt', '/sbin/apk', '/usr/local/bin/npm', '/usr/bin/env'].filter((path) => fs.existsSync(path)),
  setuid,
  unmasked,
  becameRoot: attempt(() => { process.setuid(0); return true; }, false),
  mounts,
  namespaces: Object.fromEntries(attempt(() => fs.readdirSync('/proc/self/ns'), []).map((name) => [name, attempt(() => fs.readlinkSync('/proc/self/ns/' + name), '')])),
  environment: Object.keys(process.env).sort(),
  limits: Object.fromEntries(lines('/proc/self/limits').slice(1).map((line) => [line.slice(0, 26).trim(), line.slice(26, 47).trim()])),
};
Promise.all(targets.map(async ([host, port]) => ((await dial(host, port)) ? host + ':' + port : null))).then((reached) => {
  console.log(JSON.stringify({ ...report, reached: reached.filter(Boolean) }));
  process.exit(0);
});
`;

const UID = '65532';

/**
 * Compares a report with the sandbox checklist.
 * @param tmpfs the directories that may be written to, as the sandbox has them mounted
 * @returns what is not sealed, in words; empty when all is well
 */
export function breaches(report: ProbeReport, tmpfs: readonly string[]): string[] {
  const found: string[] = [];
  const expectThat = (holds: boolean, otherwise: string) => {
    if (!holds) found.push(otherwise);
  };
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    expectThat(/^0+$/u.test(report.status[set] ?? ''), `${set} is ${report.status[set]}`);
  }
  expectThat(report.status.NoNewPrivs === '1', 'new privileges are possible');
  expectThat(report.status.Seccomp === '2', 'no seccomp filter');
  for (const ids of ['Uid', 'Gid']) {
    const values = new Set((report.status[ids] ?? '').split('\t'));
    expectThat(values.size === 1 && values.has(UID), `${ids} is ${report.status[ids]}`);
  }
  expectThat(!report.becameRoot, 'could become root');
  expectThat(report.interfaces.join() === 'lo', `interfaces ${report.interfaces.join()}`);
  for (const address of report.reached) found.push(`reached ${address}`);
  for (const { path, executable } of report.writable) {
    expectThat(tmpfs.includes(path), `could write ${path}`);
    expectThat(!executable, `could run a file in ${path}`);
  }
  for (const path of report.present) found.push(`${path} exists`);
  for (const path of report.setuid) found.push(`${path} is setuid`);
  for (const path of report.unmasked) found.push(`${path} is readable`);
  for (const { path, options } of report.mounts) {
    if (path === '/' || path === '/session')
      expectThat(options.split(',').includes('ro'), `${path} is mounted ${options}`);
  }
  return found;
}
