import type { z } from 'zod';
import { ProblemError, UnreachableError } from '../../api/problem.ts';

/** Characters of one unfinished line; what is longer is not from our api. */
const MAX_LINE = 16_777_216;

/**
 * Reads an answer of one JSON value a line, as it comes. Ending early ends the request.
 * @throws UnreachableError when the answer breaks off; ProblemError for a line that is none of ours.
 */
export async function* readLines<T extends z.ZodType>(response: Response, schema: T): AsyncGenerator<z.output<T>> {
  const reader = (response.body ?? new Blob([]).stream()).pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await read(reader);
      if (done) break;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw notOurs('a line without an end');
      for (const line of lines) yield parse(schema, line);
    }
    if (rest !== '') throw new UnreachableError('the answer broke off');
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function read(reader: ReadableStreamDefaultReader<string>): Promise<ReadableStreamReadResult<string>> {
  try {
    return await reader.read();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new UnreachableError('the answer broke off', { cause });
  }
}

function parse<T extends z.ZodType>(schema: T, line: string): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw notOurs('a line that is no JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw notOurs(parsed.error.issues[0]?.message ?? 'a line of another shape');
  return parsed.data;
}

function notOurs(detail: string): ProblemError {
  return new ProblemError({
    type: 'about:blank',
    title: 'The bastion answered something this page does not understand',
    status: 502,
    code: 'internal',
    remedy: 'Reload the page; it may be older than the bastion.',
    detail,
  });
}
