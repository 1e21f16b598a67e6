import type { TerminalSize } from '../../../contract/sessions.ts';

/** Changes kept; who is further behind goes on from the oldest that is. */
export const MOST_CHANGES = 1_000;

/** A size that a terminal has from an offset of its output on. */
export interface SizeChange extends TerminalSize {
  readonly offset: number;
}

/** The sizes of a terminal in the order of its output. Changes are numbered from 0, so that a reader can keep its place. */
export class SizeHistory {
  #changes: SizeChange[];
  #dropped = 0;

  constructor(first: SizeChange) {
    this.#changes = [first];
  }

  get current(): TerminalSize {
    const { cols, rows } = this.#changes.at(-1) as SizeChange;
    return { cols, rows };
  }

  /** Number of the next change. */
  get length(): number {
    return this.#dropped + this.#changes.length;
  }

  /** @param change at an offset that is not below the last one's */
  add(change: SizeChange): void {
    this.#changes.push(change);
    if (this.#changes.length <= MOST_CHANGES) return;
    this.#changes.shift();
    this.#dropped += 1;
  }

  /** @returns the change of that number, or the oldest that is kept; undefined for one that has not happened. */
  at(number: number): SizeChange | undefined {
    return this.#changes[Math.max(0, number - this.#dropped)];
  }

  /** @returns the number behind the one given, as far as changes are kept. */
  after(number: number): number {
    return Math.max(number, this.#dropped) + 1;
  }

  /** @returns the number of the first change that comes after the output below `offset`. */
  numberAt(offset: number): number {
    const index = this.#changes.findIndex((change) => change.offset > offset);
    return index === -1 ? this.length : this.#dropped + index;
  }

  /** @returns the size that output at `offset` was written for. */
  sizeAt(offset: number): TerminalSize {
    const { cols, rows } = this.at(Math.max(0, this.numberAt(offset) - 1)) ?? this.current;
    return { cols, rows };
  }
}
