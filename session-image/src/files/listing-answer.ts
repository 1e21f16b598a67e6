import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { MAX_LINE_ENTRIES } from '@netpilot/control-plane/contract/files.ts';
import type { FileFound, FileListLine, FileSearchLine } from '@netpilot/control-plane/contract/files.ts';
import { encodeRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { asFileProblem, FileFailure } from './file-failure.ts';
import type { FileAttributes, NamedAttributes } from './file-road.ts';
import { joinPath, splitPath } from './paths.ts';
import { presentEntry, presentStat } from './presenter.ts';
import type { Reach } from './roads.ts';

/**
 * Answers with the lines of a folder, no faster than they are read. What fails before the first line is thrown, what fails later is the last
 * line.
 */
export async function sendListing(
  stream: ServerHttp2Stream,
  { road, accounts }: Reach,
  folder: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const lines = new LineWriter<FileListLine>(stream, signal);
  const names = await accounts.load();
  let count = 0;
  let skipped = 0;
  try {
    for await (const batch of road.list(folder, signal)) {
      if (!lines.begun) {
        await lines.write({ type: 'folder', folder: presentStat(folder, ownOf(batch.entries), names) });
        continue;
      }
      skipped += batch.skipped;
      count += batch.entries.length;
      for (const entries of slices(batch.entries)) {
        await lines.write({ type: 'entries', entries: entries.map((entry) => presentEntry(entry, names)) });
      }
    }
    if (!lines.begun) throw new FileFailure('vanished');
    await lines.write({ type: 'end', count, skipped });
  } catch (error) {
    if (!lines.begun) throw error;
    await lines.write({ type: 'problem', problem: asFileProblem(error) });
  }
  lines.end();
}

/** Answers with what a search finds until the limit, the end of the tree or of the reader. */
export async function sendSearch(
  stream: ServerHttp2Stream,
  { road, accounts }: Reach,
  search: { folder: Buffer; text: string; limit: number },
  signal: AbortSignal,
): Promise<void> {
  const lines = new LineWriter<FileSearchLine>(stream, signal);
  const names = await accounts.load();
  const present = (entry: NamedAttributes): FileFound => {
    const { folder, name } = splitPath(joinPath(search.folder, entry.name));
    return { folder: encodeRouterPath(folder), entry: presentEntry({ ...entry, name }, names) };
  };
  let count = 0;
  let unreadable = 0;
  try {
    for await (const batch of road.search(search.folder, search.text, signal)) {
      unreadable += batch.skipped;
      for (const entries of slices(batch.entries.slice(0, search.limit - count))) {
        count += entries.length;
        await lines.write({ type: 'found', found: entries.map(present) });
      }
      if (count >= search.limit) break;
    }
    await lines.write({ type: 'end', count, limited: count >= search.limit, unreadable });
  } catch (error) {
    if (!lines.begun) throw error;
    await lines.write({ type: 'problem', problem: asFileProblem(error) });
  }
  lines.end();
}

function ownOf(entries: readonly NamedAttributes[]): FileAttributes {
  const own = entries[0];
  if (!own) throw new FileFailure('vanished');
  return own;
}

function* slices<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += MAX_LINE_ENTRIES) yield all.slice(from, from + MAX_LINE_ENTRIES);
}

/** Writes NDJSON; each write waits until the reader has room for more. */
class LineWriter<T> {
  begun = false;
  readonly #stream: ServerHttp2Stream;
  readonly #signal: AbortSignal;

  constructor(stream: ServerHttp2Stream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  async write(line: T): Promise<void> {
    if (this.#signal.aborted) return;
    if (!this.begun) this.#stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
    this.begun = true;
    if (this.#stream.write(`${JSON.stringify(line)}\n`)) return;
    await once(this.#stream, 'drain', { signal: this.#signal }).catch(() => undefined);
  }

  end(): void {
    if (this.#stream.writable) this.#stream.end();
  }
}
