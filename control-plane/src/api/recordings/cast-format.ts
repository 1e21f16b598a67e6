import { z } from 'zod';
import { Id } from '../../../contract/identifiers.ts';
import type { TerminalSize } from '../../../contract/sessions.ts';

/** No line of a recording is longer, in bytes: the output of one event, every byte escaped, and what stands around it. */
export const MAX_LINE = 524_288;
/** Columns or rows that a terminal has at most. */
const MAX_SIDE = 1_000;
/** Output that one event holds at most, in bytes. */
export const MAX_EVENT_OUTPUT = 65_536;

/**
 * The codes of a recording's events. `o`, `i`, `r` and `m` are asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/); the
 * others are ours, and players skip them:
 *
 * - `b`: the exact bytes of output whose display is the `o` event behind it, where that is not the bytes themselves as UTF-8
 * - `h`: a link of the hash chain, {@link ChainLink}
 * - `e`: the last line, {@link RecordingEnd}
 */
export const CODE = { output: 'o', input: 'i', resize: 'r', marker: 'm', bytes: 'b', chain: 'h', end: 'e' } as const;

/** First line of a recording. `netpilot` is ours: who and what was recorded. */
export const CastHeader = z.object({
  version: z.literal(2),
  width: z.int().min(1).max(MAX_SIDE),
  height: z.int().min(1).max(MAX_SIDE),
  /** Seconds since the epoch, with fractions. */
  timestamp: z.number(),
  title: z.string(),
  env: z.object({ TERM: z.string() }),
  netpilot: z.object({
    format: z.literal(1),
    recording: Id,
    organisation: Id,
    router: z.object({ id: Id.nullable(), name: z.string() }),
    session: Id,
    terminal: z.int().min(1),
    user: z.object({ id: Id, name: z.string() }),
    image: z.string().nullable(),
    /** Whether input was to be kept. */
    input: z.boolean(),
  }),
});
export type CastHeader = z.infer<typeof CastHeader>;

/** What a link of the chain and the end both say of the recording before them. */
const Statement = z.object({
  /** Counts from 0 without a gap. */
  n: z.int().min(0),
  /** Bytes of output before it. */
  out: z.int().min(0),
  /** Bytes of the file before its line. */
  at: z.int().min(1),
  /** SHA-256 in base64 over the hash before it and every byte from the line of that (or the start of the file) to its own line. */
  hash: z.string().length(44),
  /** Ed25519 public key, 32 bytes in base64. */
  key: z.string().length(44),
  /** Ed25519 signature in base64 over `signedText`. */
  sig: z.string().length(88),
});

export const ChainLink = Statement;
export type ChainLink = z.infer<typeof ChainLink>;

export const RecordingEnd = Statement.extend({
  /** How the terminal ended; null when nobody saw it end. */
  exit: z.object({ code: z.int().nullable(), signal: z.string().nullable(), reason: z.string() }).nullable(),
});
export type RecordingEnd = z.infer<typeof RecordingEnd>;

export type CastEvent =
  | { readonly code: 'o' | 'i' | 'r' | 'm'; readonly seconds: number; readonly text: string }
  | { readonly code: 'b'; readonly seconds: number; readonly bytes: Buffer }
  | { readonly code: 'h'; readonly seconds: number; readonly link: ChainLink }
  | { readonly code: 'e'; readonly seconds: number; readonly end: RecordingEnd };

/** A line that is not one of a recording. */
export class CastError extends Error {
  override name = 'CastError';
}

const Line = z.tuple([z.number().min(0).max(1e9), z.string(), z.unknown()]);

/**
 * Reads one line behind the header.
 * @throws CastError for anything that this program does not write.
 */
export function parseEvent(line: Buffer): CastEvent {
  const [seconds, code, data] = parseJson(line, Line);
  switch (code) {
    case CODE.output:
    case CODE.input:
    case CODE.resize:
    case CODE.marker:
      if (typeof data !== 'string') throw new CastError('an event without its text');
      return { code, seconds, text: data };
    case CODE.bytes:
      if (typeof data !== 'string') throw new CastError('an event without its bytes');
      return { code, seconds, bytes: Buffer.from(data, 'base64') };
    case CODE.chain:
      return { code, seconds, link: check(ChainLink, data) };
    case CODE.end:
      return { code, seconds, end: check(RecordingEnd, data) };
    default:
      throw new CastError('an event of an unknown kind');
  }
}

/** @returns what the text of an `r` event says, as `100x30`; null for a size that no player could hold. */
export function parseSize(text: string): TerminalSize | null {
  const [cols = 0, rows = 0, ...more] = text.split('x').map(Number);
  const fits = (value: number) => Number.isInteger(value) && value >= 1 && value <= MAX_SIDE;
  return more.length === 0 && fits(cols) && fits(rows) ? { cols, rows } : null;
}

/** @returns the code of an event's line without reading the rest of it; '' for a line that is no event. */
export function codeOf(line: Buffer): string {
  const comma = line.indexOf(',');
  const isEvent = line[0] === 0x5b && comma > 0 && line[comma + 1] === 0x22 && line[comma + 3] === 0x22;
  return isEvent ? String.fromCharCode(line[comma + 2] ?? 0) : '';
}

/** Reads the first line. @throws CastError when it is not the header of a recording of ours. */
export function parseHeader(line: Buffer): CastHeader {
  return parseJson(line, CastHeader);
}

/** @returns one line with its line feed. */
export function eventLine(milliseconds: number, code: string, data: unknown): Buffer {
  return Buffer.from(`[${seconds(milliseconds)},"${code}",${JSON.stringify(data)}]\n`);
}

/** @returns what a line of output begins with; behind its text comes {@link OUTPUT_TAIL}. */
export function outputStart(milliseconds: number): string {
  return `[${seconds(milliseconds)},"${CODE.output}","`;
}

export const OUTPUT_TAIL = '"]\n';

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}

function parseJson<T extends z.ZodType>(line: Buffer, schema: T): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch (cause) {
    throw new CastError('a line that is not JSON', { cause });
  }
  return check(schema, value);
}

function check<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new CastError('a line that is not what it should be');
  return parsed.data;
}
