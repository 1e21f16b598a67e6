import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@netpilot/db/database.ts';
import { z } from 'zod';
import type { TestBastion } from '../harness/bastion.ts';
import { eventually } from '../harness/eventually.ts';

/** How long after a blow everything has to agree again, in milliseconds. */
export const SETTLED_MS = 30_000;

/** Warm sandboxes of a test's bastion. */
const WARM = 1;

const Assignment = z.object({ sandboxId: z.string(), sessionId: z.string(), containerId: z.string() });

export interface Truth {
  /** Sandbox ids by container state. */
  readonly containers: Readonly<Record<string, string>>;
  readonly directories: readonly string[];
  readonly assignments: readonly z.infer<typeof Assignment>[];
  /** Session ids of rows that have not ended, with their states. */
  readonly rows: Readonly<Record<string, string>>;
}

/**
 * Waits until containers, directories, assignments and rows say the same: every container runs and has its directory, every
 * assigned one has its row, every row its sandbox, and what is over is the warm pool.
 * @param sessions how many sessions are to be there in the end.
 */
export async function truthOf(bastion: TestBastion, sessions: number): Promise<Truth> {
  let last: Truth | undefined;
  return eventually(
    `nothing to be left but ${sessions} sessions`,
    async () => {
      last = await look(bastion);
      const { containers, directories, assignments, rows } = last;
      const sandboxes = Object.keys(containers).toSorted();
      const agree =
        Object.values(containers).every((state) => state === 'running') &&
        JSON.stringify(sandboxes) === JSON.stringify(directories.toSorted()) &&
        assignments.every(({ sandboxId }) => sandboxId in containers) &&
        assignments.length === sessions &&
        Object.keys(rows).length === sessions &&
        assignments.every(({ sessionId }) => sessionId in rows) &&
        sandboxes.length - sessions <= WARM;
      return agree ? last : null;
    },
    SETTLED_MS,
  ).catch((error: unknown) => {
    const logs = [bastion.api, bastion.gateway].map((process_) => process_.output().slice(-4_000));
    throw new Error([String(error), JSON.stringify(last), ...logs].join('\n'), { cause: error });
  });
}

/** Which sandbox belongs to which session, by the gateway's own files. */
export async function assignmentsOf(bastion: TestBastion): Promise<Truth['assignments']> {
  return (await look(bastion)).assignments;
}

/** Container of a session. */
export async function containerOf(bastion: TestBastion, sessionId: string): Promise<string> {
  const assignment = (await assignmentsOf(bastion)).find((each) => each.sessionId === sessionId);
  if (assignment === undefined) throw new Error('the session has no sandbox');
  return assignment.containerId;
}

/** Runs the engine's client. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function look(bastion: TestBastion): Promise<Truth> {
  const listed = docker(
    'ps',
    '-a',
    '--filter',
    `label=netpilot.instance=${bastion.instance}`,
    '--format',
    '{{.Label "netpilot.sandbox"}} {{.State}}',
  );
  const containers = Object.fromEntries(
    listed
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ') as [string, string]),
  );
  const directory = join(bastion.runDirectory, 'assignments');
  const assignments = readdirSync(directory).map((name) =>
    Assignment.parse(JSON.parse(readFileSync(join(directory, name), 'utf8'))),
  );
  return {
    containers,
    directories: readdirSync(join(bastion.runDirectory, 'sessions')),
    assignments,
    rows: await openRows(bastion),
  };
}

async function openRows(bastion: TestBastion): Promise<Record<string, string>> {
  const database = await openDatabase({ url: bastion.database.apiUrl, poolSize: 1 });
  try {
    const rows = await database.transaction({ organisations: 'all', userId: null }, (transaction) =>
      database.models.BastionSession.findAll({ attributes: ['id', 'state'], transaction }),
    );
    return Object.fromEntries(rows.filter(({ state }) => state !== 'ended').map(({ id, state }) => [id, state]));
  } finally {
    await database.close();
  }
}
