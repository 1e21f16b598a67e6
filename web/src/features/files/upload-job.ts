import { isProblem } from '../../api/problem.ts';
import type { FileCalls } from './file-calls.ts';
import { FIRST_PIECE, nextPieceSize } from './piece-size.ts';
import { Sha256 } from './sha256.ts';
import type { TransferJob } from './transfer-job.ts';

/** Bytes of the file in memory at once. */
const READ_BYTES = 4_194_304;

export interface Reports {
  readonly moved: (moved: number, total: number | null) => void;
  readonly verifying: () => void;
  /** An upload has its place on the router. */
  readonly begun: (uploadId: string) => void;
}

/** One upload in pieces: what is left of it when it is paused, or its line is cut. */
export class Upload {
  readonly #job: Extract<TransferJob, { type: 'upload' }>;
  readonly #hash = new Sha256();
  #uploadId: string | undefined;
  #piece = FIRST_PIECE;
  #sha256: string | null = null;
  /** Summing goes on for a moment after its run was given up: the next run waits for it, or it would sum a part twice. */
  #summing: Promise<void> = Promise.resolve();

  constructor(job: Extract<TransferJob, { type: 'upload' }>) {
    this.#job = job;
    this.#uploadId = job.uploadId;
  }

  /**
   * Sends what the router does not have yet, from the byte on where it stopped.
   * @returns the SHA-256 that the router found as well.
   * @throws what the calls throw; it may be run again then.
   */
  async run(calls: FileCalls, signal: AbortSignal, report: Reports): Promise<string> {
    const { path, file, expect } = this.#job;
    const size = file.size;
    let offset = await this.#begin(calls, report);
    report.moved(offset, size);
    while (offset < size) {
      signal.throwIfAborted();
      const piece = file.slice(offset, offset + this.#piece);
      const began = performance.now();
      try {
        const [state] = await Promise.all([
          calls.sendPiece(this.#uploadId ?? '', path, offset, piece, signal),
          this.#sum(offset + piece.size, signal),
        ]);
        offset = state.offset;
      } catch (error) {
        // The api was restarted, or an earlier piece came through after all: the router says where it goes on.
        if (!isProblem(error, 'not_found') && !isProblem(error, 'file_offset_mismatch')) throw error;
        offset = await this.#begin(calls, report);
      }
      this.#piece = nextPieceSize(piece.size, performance.now() - began);
      report.moved(offset, size);
    }
    await this.#sum(size, signal);
    report.verifying();
    // A second run after a failed end has it already.
    this.#sha256 ??= this.#hash.digest();
    const sha256 = this.#sha256;
    const end = { path, size, expect, sha256, mode: null };
    try {
      await calls.finishUpload(this.#uploadId ?? '', end).catch(async (error: unknown) => {
        if (!isProblem(error, 'not_found')) throw error;
        await this.#begin(calls, report);
        return calls.finishUpload(this.#uploadId ?? '', end);
      });
    } catch (error) {
      // What is there is of another file: the next run begins at the first byte.
      if (isProblem(error, 'file_checksum_mismatch')) {
        await this.giveUp(calls).catch(() => undefined);
        this.#uploadId = undefined;
      }
      throw error;
    }
    return sha256;
  }

  /** Takes away what is on the router of it. */
  async giveUp(calls: FileCalls): Promise<void> {
    if (this.#uploadId !== undefined) await calls.abortUpload(this.#uploadId, this.#job.path);
  }

  async #begin(calls: FileCalls, report: Reports): Promise<number> {
    const { path, file, expect } = this.#job;
    const start = { path, size: file.size, expect };
    const known = this.#uploadId;
    const { uploadId, offset } = await calls
      .startUpload(known === undefined ? start : { ...start, uploadId: known })
      .catch((error: unknown) => {
        // Another session of this person still has it.
        if (known === undefined || !isProblem(error, 'not_found')) throw error;
        return calls.startUpload(start);
      });
    this.#uploadId = uploadId;
    report.begun(uploadId);
    return offset;
  }

  /** Sums the file up to a byte; what was summed before is not read again. */
  #sum(until: number, signal: AbortSignal): Promise<void> {
    this.#summing = this.#summing.catch(() => undefined).then(() => this.#sumOn(until, signal));
    return this.#summing;
  }

  async #sumOn(until: number, signal: AbortSignal): Promise<void> {
    while (this.#hash.length < until) {
      signal.throwIfAborted();
      const from = this.#hash.length;
      const part = this.#job.file.slice(from, Math.min(until, from + READ_BYTES));
      this.#hash.update(new Uint8Array(await part.arrayBuffer()));
    }
  }
}
