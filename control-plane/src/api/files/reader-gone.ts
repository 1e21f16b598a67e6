/** @returns aborted when an answer's connection closes: nobody reads on, and what still runs for it is to end. */
export function readerGone(response: { once(event: 'close', listener: () => void): unknown }): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}
