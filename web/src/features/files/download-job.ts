import { ProblemError, UnreachableError } from '../../api/problem.ts';
import { type FileCalls, raw } from './file-calls.ts';
import { Sha256 } from './sha256.ts';
import type { TransferJob } from './transfer-job.ts';
import type { Reports } from './upload-job.ts';

declare global {
  /** In workers only, which the types of a page leave out (WHATWG File System). */
  interface FileSystemFileHandle {
    createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
  }
  interface FileSystemSyncAccessHandle {
    write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
    truncate(size: number): void;
    flush(): void;
    close(): void;
  }
}

/** Milliseconds between two reports of progress. */
const REPORT_MS = 150;

/**
 * One download into the browser's own storage, from where the page hands it over as a file: so it can stop anywhere and go on there, and
 * a file of gigabytes is never in memory.
 */
export class Download {
  readonly #job: Extract<TransferJob, { type: 'download' }>;
  #hash = new Sha256();
  #moved = 0;
  #total: number | null = null;
  #tag: string | null = null;

  constructor(job: Extract<TransferJob, { type: 'download' }>) {
    this.#job = job;
  }

  /**
   * Fetches what is missing, from the byte on where it stopped; from the first one when the file was changed meanwhile.
   * @returns the SHA-256 that the router found as well; null for an archive, which the router makes as it goes.
   * @throws what the calls throw; UnreachableError when the line is cut: it may be run again then.
   */
  async run(calls: FileCalls, signal: AbortSignal, report: Reports): Promise<string | null> {
    const { path, what, store } = this.#job;
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle(store, { create: true });
    const file = await handle.createSyncAccessHandle();
    try {
      if (what === 'archive') this.#restart(file);
      if (this.#total === null || this.#moved < this.#total) await this.#fetch(calls, file, signal, report);
      file.flush();
    } finally {
      file.close();
    }
    if (what === 'archive') return null;
    report.verifying();
    const ours = this.#hash.digest();
    const theirs = await calls.digest(path, signal);
    if (theirs.sha256 !== ours) {
      // The next run begins at the first byte.
      this.#forget();
      throw new ProblemError({
        type: 'about:blank',
        title: 'What arrived is not what is on the router now',
        status: 409,
        code: 'file_checksum_mismatch',
        remedy: 'It was changed meanwhile, or something went wrong on the way. Download it again.',
      });
    }
    return ours;
  }

  async #fetch(
    calls: FileCalls,
    file: FileSystemSyncAccessHandle,
    signal: AbortSignal,
    report: Reports,
  ): Promise<void> {
    const { path, what } = this.#job;
    const address = what === 'archive' ? calls.archiveAddress(path) : calls.contentAddress(path);
    const goingOn = this.#moved > 0 && this.#tag !== null;
    const headers: Record<string, string> = goingOn
      ? { range: `bytes=${this.#moved}-`, 'if-range': this.#tag ?? '' }
      : {};
    const response = await raw(address, { signal, headers });
    if (response.status !== 206) this.#restart(file);
    this.#tag = response.headers.get('etag');
    const length = response.headers.get('content-length');
    this.#total = length === null ? null : this.#moved + Number(length);
    report.moved(this.#moved, this.#total);
    let reported = performance.now();
    for await (const chunk of chunksOf(response)) {
      file.write(chunk, { at: this.#moved });
      this.#hash.update(chunk);
      this.#moved += chunk.length;
      if (performance.now() - reported > REPORT_MS) {
        reported = performance.now();
        report.moved(this.#moved, this.#total);
      }
    }
    if (this.#total !== null && this.#moved < this.#total) throw new UnreachableError('the file broke off');
    this.#total = this.#moved;
    report.moved(this.#moved, this.#total);
  }

  #restart(file: FileSystemSyncAccessHandle): void {
    file.truncate(0);
    this.#forget();
  }

  #forget(): void {
    this.#hash = new Sha256();
    this.#moved = 0;
    this.#total = null;
    this.#tag = null;
  }
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const result = await reader?.read();
      if (result === undefined || result.done) return;
      yield result.value;
    }
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new UnreachableError('the file broke off', { cause });
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}
