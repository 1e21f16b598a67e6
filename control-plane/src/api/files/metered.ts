import type { Passage } from './passages.ts';
import type { TransferRecord } from './transfer-record.ts';

/**
 * Counts and sums what passes. Ending it early ends `source`.
 * @param finish holds the last chunk back until it has resolved, so that nobody has a whole file before the audit trail has its entry.
 * @throws what `passage` says when the bytes may not pass any more, and what `finish` throws.
 */
export async function* metered(
  source: AsyncIterable<Buffer>,
  passage: Pick<Passage, 'take'>,
  record: Pick<TransferRecord, 'add'>,
  finish?: () => Promise<void>,
): AsyncGenerator<Buffer> {
  let held: Buffer | null = null;
  for await (const chunk of source) {
    passage.take(chunk.length);
    record.add(chunk);
    if (finish === undefined) yield chunk;
    else {
      if (held !== null) yield held;
      held = chunk;
    }
  }
  await finish?.();
  if (held !== null) yield held;
}
