import type { ServerHttp2Stream } from 'node:http2';
import { MAX_AGENT_LINE } from '@netpilot/control-plane/contract/agent.ts';
import type { z } from 'zod';
import { ProblemError } from './problem.ts';

/** The chunks of a request; leaving the loop early does not destroy the stream, which still has to be answered. */
export function bodyOf(stream: ServerHttp2Stream): AsyncIterable<Buffer> {
  return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

/**
 * Reads a request's body as JSON, at most `maxBytes`.
 * @throws ProblemError `invalid_request` when it is longer, no JSON, or not what `schema` wants.
 */
export async function readJson<T extends z.ZodType>(
  stream: ServerHttp2Stream,
  schema: T,
  maxBytes = MAX_AGENT_LINE,
): Promise<z.output<T>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bodyOf(stream)) {
    length += chunk.length;
    if (length > maxBytes) throw new ProblemError('invalid_request', 'The body is too long.');
    chunks.push(chunk);
  }
  return parseJson(Buffer.concat(chunks), schema);
}

/** @throws ProblemError `invalid_request`; its text never repeats the value, which may hold a password. */
export function parseJson<T extends z.ZodType>(bytes: Buffer, schema: T): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ProblemError('invalid_request', 'The body is not JSON.');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'body').join(', ');
  throw new ProblemError('invalid_request', `Not as agreed: ${where}`);
}

/** Answers with JSON and ends the stream. */
export function sendJson(stream: ServerHttp2Stream, status: number, value: unknown): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.respond({ ':status': status, 'content-type': 'application/json' });
  stream.end(JSON.stringify(value));
}

/** Answers 204. */
export function sendNothing(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.respond({ ':status': 204 }, { endStream: true });
}

const NEWLINE = 0x0a;

/** Cuts a byte stream into the lines of NDJSON; holds at most one unfinished line of {@link MAX_AGENT_LINE} bytes. */
export class LineReader {
  #parts: Buffer[] = [];
  #length = 0;

  /**
   * @returns the lines that `chunk` completes, without their newline; empty lines are left out.
   * @throws ProblemError `invalid_request` for a line that is too long.
   */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, at === -1 ? chunk.length : at);
      this.#length += part.length;
      if (this.#length > MAX_AGENT_LINE) throw new ProblemError('invalid_request', 'A line is too long.');
      this.#parts.push(part);
      if (at === -1) return lines;
      if (this.#length > 0) lines.push(Buffer.concat(this.#parts));
      this.#parts = [];
      this.#length = 0;
      from = at + 1;
    }
  }
}
