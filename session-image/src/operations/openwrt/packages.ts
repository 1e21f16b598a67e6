import {
  OPERATION_PACKAGES,
  type OperationPackage,
  type PackageState,
} from '@netpilot/control-plane/contract/operations/maintenance.ts';
import type { Driver, OperationContext } from '../driver.ts';
import { OperationFailure, routerSaid } from '../problem.ts';
import type { CommandAnswer, Runner } from '../runner.ts';
import type { Sections } from '../sections.ts';
import { countOf, linesOf, nameOf } from './text.ts';

/** Bytes of the writable file system that a router needs for itself. */
const RESERVE_BYTES = 512_000;

const PACKAGE_PARTS = {
  manager: 'for c in apk opkg; do command -v $c >/dev/null && echo $c && break; done',
  opkg: 'opkg list-installed 2>/dev/null',
  apk: 'apk list --installed 2>/dev/null',
  storage: 'df -k /overlay 2>/dev/null || df -k /',
} as const;

/** Pure. @see PackageState */
export function packageStateOf(said: Pick<Sections, 'get' | 'lines'>): PackageState {
  const manager = said.lines('manager')[0];
  const versions = new Map<string, string>();
  for (const line of linesOf(said.get('opkg'))) {
    const [name, version] = line.split(' - ');
    if (name !== undefined && version !== undefined) versions.set(name, version);
  }
  for (const line of linesOf(said.get('apk'))) {
    const [, name, version] = /^([a-z0-9][a-z0-9+._-]*?)-(\d\S*) /u.exec(line) ?? [];
    if (name !== undefined && version !== undefined) versions.set(name, version);
  }
  const blocks = linesOf(said.get('storage')).flatMap(
    (line) => /\s(\d{1,12})\s+\d{1,3}%\s+\/\S*$/u.exec(line)?.[1] ?? [],
  );
  return {
    manager: manager === 'apk' || manager === 'opkg' ? manager : null,
    packages: OPERATION_PACKAGES.map((name) => ({ name, version: nameOf(versions.get(name)) })),
    freeBytes: (countOf(blocks[0]) ?? 0) * 1_024,
  };
}

async function readPackages(router: Runner): Promise<PackageState> {
  return packageStateOf(await router.gather(PACKAGE_PARTS));
}

const has = ({ packages }: PackageState, name: string) =>
  packages.some((one) => one.name === name && one.version !== null);

type PackageDriver = Pick<Driver, 'packages.read' | 'packages.install' | 'packages.remove'>;

/** Packages that operations need. Their names are ours, from a closed list. */
export const packageOperations: PackageDriver = {
  'packages.read': async (_input, { router }) => readPackages(router),
  'packages.install': async ({ names }, context) => {
    const before = await readPackages(context.router);
    const missing = names.filter((name) => !has(before, name));
    if (missing.length === 0) return { outcome: 'unchanged', warnings: [], ...before };
    await install(missing, before, context);
    const after = await readPackages(context.router);
    const failed = missing.find((name) => !has(after, name));
    if (failed !== undefined) throw routerSaid(`${failed} is not installed although no error was told.`, null);
    return { outcome: 'confirmed', warnings: [], ...after };
  },
  'packages.remove': async ({ names }, context) => {
    const before = await readPackages(context.router);
    const present = names.filter((name) => has(before, name));
    if (present.length === 0) return { outcome: 'unchanged', warnings: [], ...before };
    const program = managerOf(before) === 'apk' ? 'apk del' : 'opkg remove';
    context.progress(`Removing ${present.join(', ')}`, null);
    await must(context, `${program} ${present.join(' ')}`);
    return { outcome: 'confirmed', warnings: [], ...(await readPackages(context.router)) };
  },
};

async function install(names: OperationPackage[], state: PackageState, context: OperationContext): Promise<void> {
  const manager = managerOf(state);
  context.progress('Fetching the lists of packages', 10);
  const lists = await tell(context, `${manager} update`);
  if (manager === 'opkg') {
    const { stdout } = await context.router.run(names.map((name) => `opkg info ${name}`).join('; '));
    refuseUnknown(names, stdout, lists);
    refuseWithoutRoom(parseSizes(stdout), state.freeBytes);
  } else {
    if (lists.exitCode !== 0) throw withoutLists(lists);
    refuseWithoutRoom(0, state.freeBytes);
  }
  context.progress(`Installing ${names.join(', ')}`, 40);
  await must(context, `${manager === 'apk' ? 'apk add' : 'opkg install'} ${names.join(' ')}`);
}

/**
 * Of several packages opkg installs those that it finds, so what it lacks must be known before. One feed of several that does not answer is no
 * reason to refuse what the others have.
 */
function refuseUnknown(names: readonly OperationPackage[], info: string, lists: CommandAnswer): void {
  const known = new Set(linesOf(info));
  const unknown = names.filter((name) => !known.has(`Package: ${name}`));
  if (unknown.length === 0) return;
  if (lists.exitCode !== 0) throw withoutLists(lists);
  throw new OperationFailure({
    code: 'unsupported',
    detail: `The feeds of this router do not have ${unknown.join(', ')}; nothing was installed.`,
  });
}

function withoutLists({ stdout, exitCode }: CommandAnswer): OperationFailure {
  const why = stdout.trim().slice(-500);
  return routerSaid(
    `The lists of packages could not be fetched: is the router on the Internet? Nothing was installed. ${why}`,
    exitCode,
  );
}

/** Bytes of the packages that `opkg info` told of; what they depend on is not in it. */
export function parseSizes(text: string): number {
  return linesOf(text).reduce((sum, line) => sum + (countOf(/^Size: (\d{1,12})$/u.exec(line)?.[1]) ?? 0), 0);
}

function refuseWithoutRoom(needed: number, free: number): void {
  if (free - needed >= RESERVE_BYTES) return;
  throw new OperationFailure({
    code: 'unsupported',
    detail: `${Math.round(needed / 1_024)} KiB are needed, ${Math.round(free / 1_024)} KiB are free, and 500 KiB have to stay free.`,
  });
}

function managerOf({ manager }: PackageState): 'opkg' | 'apk' {
  if (manager === null)
    throw new OperationFailure({ code: 'unsupported', detail: 'This router has no package manager.' });
  return manager;
}

/** Runs a command of a package manager and tells its last line as it comes. */
function tell({ router, progress }: OperationContext, command: string): Promise<CommandAnswer> {
  return router.run(`${command} 2>&1`, {
    timeoutSeconds: 280,
    onOutput: (text) => {
      const line = nameOf(text.trim().split('\n').at(-1));
      if (line !== null) progress(line.slice(0, 200));
    },
  });
}

/** @throws OperationFailure `router_said`, with the end of what it printed. */
async function must(context: OperationContext, command: string): Promise<void> {
  const answer = await tell(context, command);
  if (answer.exitCode !== 0) throw routerSaid(answer.stdout.trim().slice(-500), answer.exitCode);
}
