import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../embedded.ts';
import type { EmbeddedPostgres } from '../embedded.ts';

const PREFIX = 'netpilot-db-';
const ABANDONED_AFTER = 6 * 3_600_000;

/** A server for one test suite; the suite calls `destroy` at its end, and takes a `freshDatabase` per test or per suite. */
export async function startTestPostgres(): Promise<EmbeddedPostgres> {
  await removeAbandoned();
  return startEmbeddedPostgres({ directory: await makeTestDirectory(), durable: false });
}

/** A new directory that the server's account can walk through, unlike what `mkdtemp` makes. */
export async function makeTestDirectory(): Promise<string> {
  const directory = path.join(tmpdir(), `${PREFIX}${randomUUID()}`);
  await mkdir(directory, { mode: 0o711 });
  return directory;
}

/** Data of runs that were killed; their servers have ended with them. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = path.join(tmpdir(), name);
    const made = await stat(directory).catch(() => null);
    if (made && Date.now() - made.mtimeMs > ABANDONED_AFTER) await rm(directory, { recursive: true, force: true });
  }
}
