/** What was started and has to be stopped, the last one first. */
export class Teardown {
  readonly #closers: { name: string; close: () => Promise<void> }[] = [];

  /** Notes how to stop something that was just started. */
  own(name: string, close: () => Promise<void>): void {
    this.#closers.push({ name, close });
  }

  /**
   * Stops everything in reverse order; a failure is told and does not keep the rest alive.
   * @param tell gets one line for each that could not be stopped in order.
   */
  async close(tell: (line: string) => void): Promise<void> {
    for (let next = this.#closers.pop(); next !== undefined; next = this.#closers.pop()) {
      const { name, close } = next;
      await close().catch((error: unknown) => {
        tell(`The ${name} did not stop in order: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  }
}
