import { ProblemError } from '../errors.ts';

export interface ByteRange {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

const RANGE = /^bytes=(?<first>\d{0,15})-(?<last>\d{0,15})$/u;

/**
 * Reads a `Range` header with one range (RFC 9110, section 14.2).
 * @returns null when there is none that counts: the whole is sent then.
 * @throws ProblemError `range_not_satisfiable` when nothing of it is there.
 */
export function readRange(header: string | undefined, size: number): ByteRange | null {
  const groups = RANGE.exec(header ?? '')?.groups;
  if (groups === undefined) return null;
  const { first = '', last = '' } = groups;
  if (first === '' && last === '') return null;
  const range =
    first === ''
      ? { from: Math.max(0, size - Number(last)), to: size }
      : { from: Number(first), to: last === '' ? size : Math.min(size, Number(last) + 1) };
  if (last !== '' && first !== '' && Number(last) < Number(first)) return null;
  if (range.from >= size || range.to <= range.from) throw new ProblemError('range_not_satisfiable');
  return range;
}
