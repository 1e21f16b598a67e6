/** A place in a file where an event begins. */
export interface OutputPlace {
  /** Bytes of output before it. */
  readonly output: number;
  /** Bytes of the file before it. */
  readonly at: number;
}

/** Places closer together than this are not worth keeping, in bytes of the file. */
const SPACING = 131_072;

/** Where in a recording's file its output stands, roughly: one place in each {@link SPACING}, so 16 bytes of memory for each. */
export class OutputIndex {
  readonly #outputs: number[] = [0];
  readonly #places: number[] = [0];

  /** Adds a place behind the last one. */
  add({ output, at }: OutputPlace): void {
    if (at - (this.#places.at(-1) ?? 0) < SPACING) return;
    this.#outputs.push(output);
    this.#places.push(at);
  }

  /** @returns the last known place at or before an offset of the output. */
  find(output: number): OutputPlace {
    let low = 0;
    let high = this.#outputs.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#outputs[middle] ?? 0) <= output) low = middle;
      else high = middle - 1;
    }
    return { output: this.#outputs[low] ?? 0, at: this.#places[low] ?? 0 };
  }
}
