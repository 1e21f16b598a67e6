import { randomBytes } from 'node:crypto';
import type { Configuration, ConfigurationPreview } from '@netpilot/control-plane/contract/operations/maintenance.ts';
import { ConfigFile } from '@netpilot/control-plane/contract/operations/maintenance.ts';
import type { Driver } from '../driver.ts';
import { OperationFailure } from '../problem.ts';
import type { Runner } from '../runner.ts';
import { applyChange, sha256 } from './change.ts';
import { lineDiff } from './line-diff.ts';
import { maskedUci } from './uci-text.ts';

const EXPORT_PARTS = {
  files: 'for f in /etc/config/*; do [ -f "$f" ] && s "file.${f##*/}" && cat "$f"; done 2>/dev/null',
} as const;

/** Seconds in which services take up what changed; the way to the router may be lost only then. */
const SETTLE_SECONDS = 6;
const MAX_DIFF = 200_000;

/** The files of `/etc/config` as they are; one whose name or size is not a configuration's is left out. */
async function readFiles(router: Runner): Promise<Map<string, string>> {
  const said = await router.gather(EXPORT_PARTS);
  const files = said.names
    .filter((name) => name.startsWith('file.'))
    .map((name) => ConfigFile.safeParse({ name: name.slice('file.'.length), text: said.get(name) }));
  return new Map(files.flatMap((file) => (file.success ? [[file.data.name, file.data.text] as const] : [])));
}

type ConfigurationDriver = Pick<Driver, 'config.export' | 'config.preview' | 'config.apply'>;

/** Backup and its way back. */
export const configurationOperations: ConfigurationDriver = {
  'config.export': async (_input, { router }) => ({
    files: [...(await readFiles(router))].slice(0, 200).map(([name, text]) => ({ name, text })),
  }),
  'config.preview': async ({ files }, { router }) => previewOf(await readFiles(router), files),
  'config.apply': async ({ files, revision }, { router, progress }) => {
    progress('Reading the router');
    const present = await readFiles(router);
    if (revisionOf(present, files) !== revision)
      throw new OperationFailure({ code: 'conflict', detail: 'The configuration changed since it was compared.' });
    const changed = files.filter(({ name, text }) => present.get(name) !== text);
    if (changed.length === 0) return { outcome: 'unchanged', warnings: [] };
    progress('Applying the change and waiting for the services');
    await applyChange(router, {
      files: changed.map(({ name, text }) => ({
        path: `/etc/config/${name}`,
        content: text,
        before: present.get(name) ?? null,
      })),
      reload: ['config'],
      settleSeconds: SETTLE_SECONDS,
    });
    return { outcome: 'confirmed', warnings: [] };
  },
};

type Files = Configuration['files'];

/** What applying would do, secrets masked. Pure, but for the masks, which say only whether a secret changes. */
export function previewOf(present: ReadonlyMap<string, string>, files: Files): ConfigurationPreview {
  const salt = randomBytes(8).toString('hex');
  const changes = files.map(({ name, text }): ConfigurationPreview['files'][number] => {
    const former = present.get(name);
    if (former === text) return { name, change: 'same', added: 0, removed: 0, diff: null };
    const { added, removed, text: diff } = lineDiff(maskedUci(former ?? '', salt), maskedUci(text, salt));
    return {
      name,
      change: former === undefined ? 'new' : 'changed',
      added,
      removed,
      diff: diff?.slice(0, MAX_DIFF) ?? null,
    };
  });
  return { files: changes, revision: revisionOf(present, files), warnings: warningsOf(changes) };
}

function revisionOf(present: ReadonlyMap<string, string>, files: Files): string {
  const states = files.map(({ name }) => [name, present.get(name) ?? null]);
  return sha256(JSON.stringify(states)).slice(0, 16);
}

/** Files that decide whether the router can be reached at all. */
const VITAL = new Set(['network', 'firewall', 'dropbear', 'wireless']);

function warningsOf(changes: ConfigurationPreview['files']): string[] {
  const vital = changes.filter(({ name, change }) => change !== 'same' && VITAL.has(name)).map(({ name }) => name);
  return vital.length === 0
    ? []
    : [`${vital.join(', ')}: people may be cut off. If the router cannot be reached with it, it restores itself.`];
}
