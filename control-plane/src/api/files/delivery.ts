import { pipeline, Readable } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import type { FileReadEnd } from '../../../contract/files.ts';
import { Gathered } from '../../../wire/gathered.ts';
import { ProblemError } from '../errors.ts';
import type { FileBytes } from '../sandbox-link/agent-files.ts';
import { metered } from './metered.ts';
import type { Passage } from './passages.ts';
import type { TransferRecord, TransferResult } from './transfer-record.ts';

/** Bytes that wait for a slow reader in this process, beyond what the link's window holds. */
const HIGH_WATER = 262_144;

export interface DeliveryParts {
  readonly bytes: FileBytes;
  readonly passage: Passage;
  readonly record: TransferRecord;
  /** Whether the person ends it by leaving, as one who follows a log does. */
  readonly endless?: boolean;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/**
 * A router's bytes on their way to a person; owner of all its parts from here on. It breaks off, instead of ending, when the router's
 * file was not what was announced, when the session or a right went, or when the audit entry could not be written.
 */
export function deliver({ bytes, passage, record, endless = false, log }: DeliveryParts): Readable {
  const finish = async () => {
    const problem = problemIn(bytes.end());
    if (problem !== null) throw problem;
    await record.end('done');
  };
  // What breaks it is told by its reader below.
  const pieces = pipeline(bytes.body, new Gathered(), () => undefined);
  const stream = Readable.from(metered(pieces, passage, record, endless ? undefined : finish), {
    objectMode: false,
    highWaterMark: HIGH_WATER,
  });
  stream.once('close', () => {
    bytes.body.destroy();
    const { result, reason } = outcomeOf(stream.errored, passage.signal, endless ? 'stopped' : 'cut');
    record
      .end(result, { reason })
      .catch((error: unknown) => log.warn({ err: error }, 'the end of a transfer was not recorded'))
      .then(() => passage.end())
      .catch((error: unknown) => log.warn({ err: error }, 'the bytes of a transfer were not counted'));
  });
  return stream;
}

/** How a transfer ended that did not reach its end. @param left the result when nothing failed: the person went. */
export function outcomeOf(
  error: unknown,
  signal: AbortSignal,
  left: TransferResult,
): { result: TransferResult; reason: string } {
  const cause: unknown = signal.aborted ? signal.reason : error;
  if (!(cause instanceof ProblemError)) return { result: left, reason: 'left' };
  return { result: cause.code.startsWith('file_') && !signal.aborted ? 'failed' : 'cut', reason: cause.code };
}

/** What the router did to the file while it was read; one that only grew was read as it was. */
function problemIn({ outcome, problem }: FileReadEnd): ProblemError | null {
  switch (outcome) {
    case 'complete':
    case 'grew':
      return null;
    case 'shrank':
    case 'changed':
      return new ProblemError('file_changed', 'The file was changed while it was read.');
    case 'cut':
      return new ProblemError('router_unreachable', 'The connection to the router was cut.');
    case 'problem':
      return new ProblemError(`file_${problem?.file ?? 'failed'}`, problem?.detail);
  }
}
