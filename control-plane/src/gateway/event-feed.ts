import type { ServerResponse } from 'node:http';
import type { GatewayEvent } from '../../contract/gateway.ts';

const HEARTBEAT_MS = 5_000;
/** Bytes that may wait for a slow reader. */
const MAX_BUFFERED = 1_048_576;
/** Readers at once; the api has one for each of its processes. */
const MAX_READERS = 32;

/** The endless NDJSON streams of `GET /v1/events`. A reader too slow for the truth is cut off: it comes back and gets a snapshot. */
export class EventFeed {
  readonly #snapshot: () => GatewayEvent;
  readonly #readers = new Set<ServerResponse>();
  readonly #heartbeat: NodeJS.Timeout;

  /** @param snapshot throws while the truth is not known yet. */
  constructor(snapshot: () => GatewayEvent) {
    this.#snapshot = snapshot;
    this.#heartbeat = setInterval(() => this.tell({ type: 'heartbeat' }), HEARTBEAT_MS);
  }

  get readers(): number {
    return this.#readers.size;
  }

  /**
   * Serves one reader until it goes away; its first line is the snapshot.
   * @returns false when there are too many.
   * @throws what the snapshot throws; nothing is answered then.
   */
  serve(response: ServerResponse): boolean {
    if (this.#readers.size >= MAX_READERS) return false;
    const snapshot = `${JSON.stringify(this.#snapshot())}\n`;
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    // Registered in the same turn as the snapshot is taken: no event can fall between the two.
    this.#readers.add(response);
    response.once('close', () => this.#readers.delete(response));
    response.on('error', () => response.destroy());
    response.write(snapshot);
    return true;
  }

  tell(event: GatewayEvent): void {
    if (this.#readers.size === 0) return;
    const line = `${JSON.stringify(event)}\n`;
    for (const reader of this.#readers) {
      reader.write(line);
      if (reader.writableLength > MAX_BUFFERED) {
        this.#readers.delete(reader);
        reader.destroy();
      }
    }
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const reader of this.#readers) reader.destroy();
    this.#readers.clear();
  }
}
