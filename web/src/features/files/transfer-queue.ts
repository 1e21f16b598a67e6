import { PROBLEMS } from '@netpilot/control-plane/contract/problems.ts';
import { ProblemError } from '../../api/problem.ts';
import { type TransferJob, type TransferNews, type TransferOrder, unpackFailure } from './transfer-job.ts';
import { type UnfinishedUpload, type UnfinishedUploads, isSameFile } from './unfinished-uploads.ts';

declare global {
  /** Not in the types of a page yet (WHATWG File System). */
  interface FileSystemDirectoryHandle {
    values(): AsyncIterableIterator<FileSystemHandle>;
  }
}

export type TransferState = 'waiting' | 'running' | 'offline' | 'verifying' | 'paused' | 'done' | 'failed';

/** One transfer as the page shows it. */
export interface TransferView {
  readonly id: number;
  readonly kind: 'upload' | 'download';
  /** As people read it. */
  readonly name: string;
  readonly state: TransferState;
  readonly moved: number;
  readonly total: number | null;
  /** Bytes a second, over the last seconds. */
  readonly rate: number | null;
  readonly error: Error | null;
  readonly sha256: string | null;
  /** Whether it can stop and go on where it was. */
  readonly pausable: boolean;
}

interface Transfer {
  view: TransferView;
  readonly job: TransferJob;
  readonly onDone: (() => void) | undefined;
  worker: Worker | null;
  /** Names the upload on the router, once it has a place there. */
  uploadId: string | null;
  samples: { at: number; moved: number }[];
}

/** Transfers of one session that run at once. */
const AT_ONCE = 3;
/** Uploads that a page knows again; the oldest go first. */
const MAX_SEEN = 1_000;
/** Milliseconds that the rate is measured over. */
const RATE_MS = 5_000;
/** What giving up may take, in milliseconds. */
const GIVE_UP_MS = 20_000;
/** A finished download stays in the browser's storage for this long, so that saving it can end; in milliseconds. */
const KEPT_MS = 600_000;

/** The transfers of one session: starts them in turn, each in a worker of its own, and tells what becomes of them. */
export class TransferQueue {
  readonly #sessionId: string;
  readonly #unfinished: UnfinishedUploads;
  readonly #transfers = new Map<number, Transfer>();
  readonly #listeners = new Set<() => void>();
  #views: readonly TransferView[] = [];
  #interrupted: readonly UnfinishedUpload[];
  /** Uploads that this page moved or took away: what a listing of before says of them is out of date. */
  readonly #seen = new Set<string>();
  #next = 1;

  constructor(sessionId: string, unfinished: UnfinishedUploads) {
    this.#sessionId = sessionId;
    this.#unfinished = unfinished;
    this.#interrupted = unfinished.list();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same array until something changes. */
  readonly snapshot = (): readonly TransferView[] => this.#views;

  /** Uploads of an earlier page, or an earlier session with this router, that nobody goes on with; the same array until it changes. */
  readonly interrupted = (): readonly UnfinishedUpload[] => this.#interrupted;

  /** Whether an upload is, or was, this page's or can be gone on with here. */
  knows(uploadId: string): boolean {
    return this.#seen.has(uploadId) || this.#interrupted.some((each) => each.uploadId === uploadId);
  }

  get busy(): boolean {
    return this.#views.some(({ state }) => state !== 'done' && state !== 'failed' && state !== 'paused');
  }

  /**
   * Begins a transfer, or goes on with the upload of the same file to the same place that was interrupted.
   * @param onDone called when all of it has arrived.
   */
  add(name: string, asked: TransferJob, onDone?: () => void): void {
    const id = this.#next++;
    const before =
      asked.type === 'upload' &&
      this.#interrupted.find((each) => each.path === asked.path && isSameFile(each, asked.file));
    const job = before ? { ...asked, uploadId: before.uploadId } : asked;
    const total = job.type === 'upload' ? job.file.size : job.type === 'unpack' ? job.tar.size : null;
    const view: TransferView = {
      id,
      kind: job.type === 'download' ? 'download' : 'upload',
      name,
      state: 'waiting',
      moved: 0,
      total,
      rate: null,
      error: null,
      sha256: null,
      pausable: job.type === 'upload' || (job.type === 'download' && job.what === 'content'),
    };
    const uploadId = before ? before.uploadId : null;
    if (uploadId !== null) this.#see(uploadId);
    this.#transfers.set(id, { view, job, onDone, worker: null, uploadId, samples: [] });
    this.#lookForInterrupted();
    this.#startNext();
    this.#tell();
  }

  pause(id: number): void {
    const transfer = this.#transfers.get(id);
    if (transfer === undefined) return;
    if (transfer.view.state === 'waiting') this.#update(transfer, { state: 'paused' });
    else order(transfer, { type: 'pause' });
  }

  /** Goes on with a paused one, or tries a failed one again. */
  resume(id: number): void {
    const transfer = this.#transfers.get(id);
    if (transfer === undefined) return;
    this.#update(transfer, { state: 'waiting', error: null });
    this.#startNext();
  }

  /** Stops a transfer and forgets it, with what it left. */
  remove(id: number): void {
    const transfer = this.#transfers.get(id);
    if (transfer === undefined) return;
    this.#transfers.delete(id);
    if (transfer.view.state === 'done') endWorker(transfer);
    else if (transfer.worker !== null) {
      giveUp(transfer);
      if (transfer.uploadId !== null) this.#unfinished.forget(transfer.uploadId);
    }
    if (transfer.job.type === 'download') void forgetStored(transfer.job.store);
    this.#lookForInterrupted();
    this.#startNext();
    this.#tell();
  }

  /** Forgets what has ended. */
  clear(): void {
    for (const { view } of this.#transfers.values()) {
      if (view.state === 'done' || view.state === 'failed') this.remove(view.id);
    }
  }

  /** Forgets an interrupted upload, whose bytes somebody has taken away from the router. */
  forget({ uploadId }: UnfinishedUpload): void {
    this.#see(uploadId);
    this.#unfinished.forget(uploadId);
    this.#lookForInterrupted();
    this.#tell();
  }

  /** Stops everything, because the session is over. What an upload left on the router stays: the next session goes on with it. */
  end(): void {
    for (const transfer of this.#transfers.values()) {
      endWorker(transfer);
      if (transfer.view.state === 'done' || transfer.view.state === 'failed') continue;
      const error = new ProblemError({ type: 'about:blank', ...PROBLEMS.session_over, code: 'session_over' });
      this.#update(transfer, { state: 'failed', rate: null, error });
    }
  }

  #startNext(): void {
    const running = [...this.#transfers.values()].filter(({ view }) => RUNNING.has(view.state)).length;
    const waiting = [...this.#transfers.values()].filter(({ view }) => view.state === 'waiting');
    for (const transfer of waiting.slice(0, Math.max(0, AT_ONCE - running))) this.#start(transfer);
  }

  #start(transfer: Transfer): void {
    if (transfer.worker === null) {
      const worker = new Worker(new URL('./transfer-worker.ts', import.meta.url), { type: 'module' });
      worker.addEventListener('message', ({ data }: MessageEvent<TransferNews>) => this.#heard(transfer, data));
      worker.addEventListener('error', () =>
        this.#heard(transfer, { type: 'failed', failure: { message: 'The browser ended the transfer.' } }),
      );
      transfer.worker = worker;
    }
    transfer.samples = [];
    this.#update(transfer, { state: 'running' });
    order(transfer, { type: 'run', sessionId: this.#sessionId, job: transfer.job });
  }

  #heard(transfer: Transfer, news: TransferNews): void {
    if (!this.#transfers.has(transfer.view.id)) return;
    switch (news.type) {
      case 'progress':
        return this.#update(transfer, {
          state: 'running',
          moved: news.moved,
          total: news.total,
          rate: rateOf(transfer, news.moved),
        });
      case 'waiting':
        return this.#update(transfer, { state: 'offline', rate: null });
      case 'verifying':
        return this.#update(transfer, { state: 'verifying', rate: null });
      case 'begun':
        return this.#begun(transfer, news.uploadId);
      case 'gone':
        return;
      case 'paused':
        this.#update(transfer, { state: 'paused', rate: null });
        break;
      case 'failed':
        this.#update(transfer, { state: 'failed', rate: null, error: unpackFailure(news.failure) });
        break;
      case 'done':
        endWorker(transfer);
        if (transfer.uploadId !== null) this.#unfinished.forget(transfer.uploadId);
        this.#update(transfer, { state: 'done', rate: null, sha256: news.sha256 });
        if (transfer.job.type === 'download') void saveStored(transfer.job.store, transfer.view.name);
        transfer.onDone?.();
    }
    this.#startNext();
  }

  #begun(transfer: Transfer, uploadId: string): void {
    const { job, view } = transfer;
    if (job.type !== 'upload' || transfer.uploadId === uploadId) return;
    // It was begun anew: what there was before is gone.
    if (transfer.uploadId !== null) this.#unfinished.forget(transfer.uploadId);
    transfer.uploadId = uploadId;
    this.#see(uploadId);
    const { path, file, expect } = job;
    const { size, lastModified: modifiedAt } = file;
    this.#unfinished.keep({ uploadId, path, name: view.name, size, modifiedAt, expect });
  }

  #update(transfer: Transfer, change: Partial<TransferView>): void {
    transfer.view = { ...transfer.view, ...change };
    this.#tell();
  }

  #see(uploadId: string): void {
    const [oldest] = this.#seen;
    if (oldest !== undefined && this.#seen.size >= MAX_SEEN) this.#seen.delete(oldest);
    this.#seen.add(uploadId);
  }

  /** Finds what nobody goes on with; whenever a transfer, or what is remembered, came or went. */
  #lookForInterrupted(): void {
    const carried = new Set([...this.#transfers.values()].map(({ uploadId }) => uploadId));
    this.#interrupted = this.#unfinished.list().filter(({ uploadId }) => !carried.has(uploadId));
  }

  #tell(): void {
    this.#views = [...this.#transfers.values()].map(({ view }) => view);
    for (const listener of this.#listeners) listener();
  }
}

const RUNNING: ReadonlySet<TransferState> = new Set(['running', 'offline', 'verifying']);

function endWorker(transfer: Transfer): void {
  transfer.worker?.terminate();
  transfer.worker = null;
}

/** Lets the worker take away what it left on the router, for as long as that may take. */
function giveUp(transfer: Transfer): void {
  if (transfer.worker === null) return;
  const timer = setTimeout(() => endWorker(transfer), GIVE_UP_MS);
  transfer.worker.addEventListener('message', ({ data }: MessageEvent<TransferNews>) => {
    if (data.type !== 'gone') return;
    clearTimeout(timer);
    endWorker(transfer);
  });
  order(transfer, { type: 'give_up' });
}

function order(transfer: Transfer, message: TransferOrder): void {
  transfer.worker?.postMessage(message);
}

function rateOf(transfer: Transfer, moved: number): number | null {
  const now = performance.now();
  transfer.samples = [...transfer.samples.filter(({ at }) => now - at < RATE_MS), { at: now, moved }];
  const first = transfer.samples[0];
  if (first === undefined || now - first.at < 300) return transfer.view.rate;
  return ((moved - first.moved) * 1_000) / (now - first.at);
}

/** Milliseconds after which what a download left in the browser's storage is of a page that is gone. */
const LEFT_MS = 86_400_000;

/** Takes away what downloads of earlier pages left in the browser's storage. */
export async function forgetOldStored(): Promise<void> {
  if (!canStore()) return;
  const folder = await navigator.storage.getDirectory();
  for await (const handle of folder.values()) {
    if (!(handle instanceof FileSystemFileHandle)) continue;
    const { lastModified } = await handle.getFile();
    if (Date.now() - lastModified > LEFT_MS) await forgetStored(handle.name);
  }
}

/** True where the browser has storage of its own for a file (OPFS); elsewhere a download is the browser's own affair. */
export function canStore(): boolean {
  return typeof navigator.storage?.getDirectory === 'function' && window.isSecureContext;
}

/** Hands a stored file over as a download of the browser's; its type is none, so that nothing ever opens it here. */
async function saveStored(store: string, name: string): Promise<void> {
  const folder = await navigator.storage.getDirectory();
  const file = await (await folder.getFileHandle(store)).getFile();
  const address = URL.createObjectURL(file.slice(0, file.size, 'application/octet-stream'));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(address);
    void forgetStored(store);
  }, KEPT_MS);
}

async function forgetStored(store: string): Promise<void> {
  const folder = await navigator.storage.getDirectory().catch(() => null);
  await folder?.removeEntry(store).catch(() => undefined);
}
