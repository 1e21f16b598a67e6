import type { FileSpace } from '@netpilot/control-plane/contract/files.ts';
import { FileFailure } from '../file-failure.ts';
import { parseLine } from './listing.ts';

/** @param text what `sha256sum` or `openssl dgst -r` says of its standard input. @returns the digest in hex. @throws FileFailure */
export function parseDigest(text: string): string {
  const digest = /^([0-9a-f]{64})(?: [ *](?:-|stdin))?\n?$/u.exec(text)?.[1];
  if (digest === undefined) throw new FileFailure('failed', 'The router gave no checksum.');
  return digest;
}

/**
 * @param text what `df -Pk` says of one path (POSIX.1-2017, df). The first and the last column may hold spaces.
 * @returns bytes; null where there is no number.
 */
export function parseSpace(text: string): FileSpace {
  const parts = /^.*? +(\d{1,15}) +\d{1,15} +(-?\d{1,15}) +(?:\d{1,3}%|-) +\/.*$/mu.exec(text.replace(/^.*\n/u, ''));
  if (!parts) return { total: null, available: null };
  return { total: kilobytes(parts[1]), available: kilobytes(parts[2]) };
}

function kilobytes(text: string | undefined): number {
  return Math.min(Math.max(0, Number(text)) * 1_024, Number.MAX_SAFE_INTEGER);
}

/** @param answer ends with the line of `ls` of one file. @returns its size in bytes. @throws FileFailure */
export function sizeIn(answer: Buffer): number {
  const line = parseLine(answer.toString('latin1').trimEnd());
  if (!line) throw new FileFailure('failed', 'The router did not say how large the file is.');
  return line.attributes.size;
}
