import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { asProblem, ProblemError } from './problem.ts';
import { sendJson } from './json.ts';
import { cancelStream, finishStream } from './streams.ts';

/** One request: its stream, the values of the path's `:names`, the query, and its headers. */
export interface AgentRequest {
  stream: ServerHttp2Stream;
  /** One header's value; empty when it is not there. */
  header: (name: string) => string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
}

/** `path` is matched part by part; a part that begins with `:` takes any one part. */
export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  handle: (request: AgentRequest) => Promise<void> | void;
}

export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** @returns a handler that finds the route of a stream and answers what it throws as a problem; it never throws itself. */
export function createRouter(routes: readonly Route[], report: (error: unknown) => void): StreamHandler {
  return (stream, headers) => {
    // A stream that fails belongs to its own request; without a listener the error would end the process.
    stream.on('error', () => undefined);
    void answer(routes, stream, headers).catch((error: unknown) => {
      const problem = asProblem(error);
      if (!(error instanceof ProblemError) && !stream.destroyed) report(error);
      if (stream.headersSent) return cancelStream(stream);
      sendJson(stream, problem.status, problem);
      finishStream(stream);
    });
  };
}

async function answer(
  routes: readonly Route[],
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const url = new URL(headers[':path'] ?? '/', 'http://agent');
  const parts = url.pathname.split('/');
  const header = (name: string) => String(headers[name] ?? '');
  for (const route of routes) {
    if (route.method !== headers[':method']) continue;
    const params = match(route.path.split('/'), parts);
    if (params) return route.handle({ stream, params, query: url.searchParams, header });
  }
  throw new ProblemError('not_found', 'No such path.');
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (expected.startsWith(':')) params[expected.slice(1)] = part;
    else if (expected !== part) return null;
  }
  return params;
}
