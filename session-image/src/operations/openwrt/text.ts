import { isIP } from 'node:net';
import { printable } from '../../ssh/finding.ts';

/** Lines of one output that are looked at; a table of a router for people is far below. */
export const MAX_LINES = 100_000;
/** Characters of one; no table of ours has longer lines, and no pattern is to be tried on one that is made to be slow. */
const MAX_LINE = 4_096;

/** The lines of an output, without carriage returns, empty and overlong ones, at most {@link MAX_LINES}. */
export function linesOf(text: string): string[] {
  return text
    .split('\n', MAX_LINES)
    .map((line) => line.replace(/\r$/u, ''))
    .filter((line) => line !== '' && line.length <= MAX_LINE);
}

/** A hardware address of one device in lower case, or null for anything else. */
export function macOf(text: string | undefined): string | null {
  const mac = text?.toLowerCase() ?? '';
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/u.test(mac) || mac === '00:00:00:00:00:00') return null;
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 ? mac : null;
}

/** An address without its zone, or null. */
export function addressOf(text: string | undefined): string | null {
  return text !== undefined && !text.includes('%') && isIP(text) !== 0 ? text.toLowerCase() : null;
}

/** What somebody called something: printable, at most 255 characters; null when nothing is left. */
export function nameOf(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const name = printable(text, 255);
  return name === '' || name === '*' ? null : name;
}

/** A number that is not negative; null for anything else. */
export function countOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,15}$/u.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

/** JSON that a program of the router printed; undefined when it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The value as an object to look into; an empty one for anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** The value as a list, at most `limit` long; an empty one for anything else. */
export function listOf(value: unknown, limit = 10_000): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, limit) : [];
}

/** The year 3000: what a router dates later is no date. */
const LATEST_SECONDS = 32_503_680_000;

/** Seconds since 1970 as an ISO instant; null for what is no date. */
export function instantOf(seconds: number | null): string | null {
  return seconds === null || seconds > LATEST_SECONDS ? null : new Date(Math.floor(seconds) * 1_000).toISOString();
}

/** The first number of `/proc/uptime`, in seconds; null for anything else. */
export function uptimeOf(text: string): number | null {
  const seconds = /^(\d{1,12}(\.\d{1,6})?)\b/u.exec(text)?.[1];
  return seconds === undefined ? null : Number(seconds);
}

/** The sum of counters that a router made up may be beyond what counts exactly: then it stays at the last that does. */
export function sumOf(...counts: readonly (number | null | undefined)[]): number {
  return counts.reduce<number>((sum, count) => Math.min(Number.MAX_SAFE_INTEGER, sum + (count ?? 0)), 0);
}
