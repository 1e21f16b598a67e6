/** Where a recording is read from, whatever keeps it. */
export interface RecordingSource {
  /** Bytes that there are. */
  readonly size: number;
  /** The bytes from `from` to `to`, which is not included; chunks are good until the next is asked for. */
  stream(from?: number, to?: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}
