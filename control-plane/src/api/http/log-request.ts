/** What of a request a log line holds. */
export interface LoggedRequest {
  readonly method: string;
  /** The path alone: a query can carry the code of a sign-in, or whatever a person typed into an address. */
  readonly path: string;
  readonly remoteAddress: string;
}

/** Chooses what the log says of a request: no header, no query, no body. */
export function describeRequest(request: {
  readonly method: string;
  readonly url: string;
  readonly ip: string;
}): LoggedRequest {
  const [path = ''] = request.url.split('?', 1);
  return { method: request.method, path, remoteAddress: request.ip };
}
