// What the npm scripts run: checks Node, installs the dependencies when needed and hands over to TypeScript. Node alone must run it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const programs = {
  start: 'main.ts',
  dev: 'main.ts',
  build: 'main.ts',
  test: 'test.ts',
  bench: '../../control-plane/bench/main.ts',
  'verify-recording': 'verify-recording.ts',
  'verify-audit': 'verify-audit.ts',
};
const [verb = '', ...args] = process.argv.slice(2);

let child = null;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // A Ctrl-C reaches the whole group, and npm passes its own on: once is enough.
    if (stopping) return;
    stopping = true;
    child?.kill(signal);
  });
}

/** Runs Node or npm in the foreground and returns its exit code, 128 + n after signal n. */
function run(program, argv) {
  return new Promise((resolve, reject) => {
    child = spawn(program, argv, { cwd: root, stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      child = null;
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
    if (stopping) child.kill('SIGTERM');
  });
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** True when what is installed is what the lockfile says. */
function isInstalled(lockfile, stamp) {
  if (!existsSync(join(root, 'node_modules', 'tsx'))) return false;
  if (!existsSync(lockfile)) return true;
  const lock = readFileSync(lockfile, 'utf8');
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === lock;
  // Installed by hand: npm notes what it installed.
  const noted = join(root, 'node_modules', '.package-lock.json');
  return existsSync(noted) && statSync(noted).mtimeMs >= statSync(lockfile).mtimeMs;
}

/** Runs npm, the very one that runs us if there is one. */
function npm(...args) {
  const quiet = [...args, '--no-audit', '--no-fund'];
  const script = process.env['npm_execpath'];
  return script?.endsWith('.js') ? run(process.execPath, [script, ...quiet]) : run('npm', quiet);
}

async function install() {
  const lockfile = join(root, 'package-lock.json');
  const stamp = join(root, '.netpilot', 'installed-lockfile.json');
  if (isInstalled(lockfile, stamp)) return;
  process.stdout.write('Installing the npm dependencies\n');
  // An installation that is cut short must not count as one.
  rmSync(stamp, { force: true });
  const isLocked = existsSync(lockfile);
  // A mirror may lack the packages of other platforms, and npm ci insists on every one of them. npm install takes what the lockfile
  // pins as well, leaves those out and, without saving, leaves the lockfile as it is.
  let code = isLocked ? await npm('ci', '--loglevel=silent') : 1;
  if (code !== 0 && !stopping) code = await npm('install', '--loglevel=error', ...(isLocked ? ['--no-save'] : []));
  if (stopping) process.exit(130);
  if (code !== 0)
    refuse(`npm install failed with code ${code}: see the message above, check the network, then start again.`);
  if (!isLocked) return;
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, readFileSync(lockfile));
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  refuse(
    `NetPilot Bastion needs Node 20.19 or newer and this is ${process.versions.node}: install a newer Node and start again.`,
  );
}
const program = programs[verb];
if (program === undefined) refuse(`Say one of ${Object.keys(programs).join(', ')}.`);
await install();
// What measures is a page and passes every byte as well: its own collections of garbage must not be taken for ours (PROGRAM_FLAGS in local/bundle.ts).
const flags = verb === 'bench' ? ['--initial-old-space-size=256'] : [];
process.exitCode = await run(process.execPath, [
  ...flags,
  '--import',
  'tsx',
  join(root, 'compose', 'local', program),
  verb,
  ...args,
]);
