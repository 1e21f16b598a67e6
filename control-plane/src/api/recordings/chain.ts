import { createHash, type Hash } from 'node:crypto';
import { CODE, type ChainLink, type RecordingEnd } from './cast-format.ts';

/** Where a chain stands: what the next link has to say. */
export interface ChainPosition {
  /** Of the next link. */
  readonly n: number;
  /** Hash of the link before, base64; empty before the first. */
  readonly hash: string;
}

export const CHAIN_START: ChainPosition = { n: 0, hash: '' };

/** The running hash over everything since the last link. */
export class Chain {
  #position: ChainPosition;
  #hash: Hash;

  constructor(position: ChainPosition = CHAIN_START) {
    this.#position = position;
    this.#hash = begin(position);
  }

  get position(): ChainPosition {
    return this.#position;
  }

  /** Takes bytes of the file in. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Closes the link over what came in. @returns its number and hash; the link's own line belongs to the next one. */
  close(): { n: number; hash: string } {
    const { n } = this.#position;
    const hash = this.#hash.digest('base64');
    this.#position = { n: n + 1, hash };
    this.#hash = begin(this.#position);
    return { n, hash };
  }
}

function begin({ hash }: ChainPosition): Hash {
  return createHash('sha256').update(Buffer.from(hash, 'base64'));
}

/** The text that a link's or end's signature covers; it binds the hash to one recording, one place in it and one time. */
export function signedText(recordingId: string, milliseconds: number, statement: Omit<ChainLink, 'sig'>): string {
  return words(CODE.chain, recordingId, milliseconds, statement);
}

/** The same of the end, with how the terminal ended. */
export function signedEndText(recordingId: string, milliseconds: number, end: Omit<RecordingEnd, 'sig'>): string {
  return `${words(CODE.end, recordingId, milliseconds, end)} ${JSON.stringify(end.exit)}`;
}

function words(code: string, recordingId: string, milliseconds: number, statement: Omit<ChainLink, 'sig'>): string {
  const { n, out, at, hash, key } = statement;
  return ['netpilot-recording-1', code, recordingId, milliseconds, n, out, at, hash, key].join(' ');
}
