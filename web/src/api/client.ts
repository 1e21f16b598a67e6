import type { z } from 'zod';
import { ProblemError, UnreachableError, isProblem, readProblem } from './problem.ts';
import { singleFlightRefresh } from './refresh.ts';

export const API = '/api/v1';

/** Milliseconds after which an answer is given up; opening a session answers at once, a connection test may take half a minute. */
const TIMEOUT = 90_000;

export interface Call<T extends z.ZodType> {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path below `/api/v1`. */
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  /** Shape of the answer; left out for answers without a body. */
  answer?: T;
  signal?: AbortSignal;
  /** Milliseconds, where the usual patience is not enough. */
  timeoutMs?: number;
}

const refresh = singleFlightRefresh(async () => (await post('/auth/refresh')).status);

/**
 * Sends one request and parses its answer. A sign-in that has run out is renewed once and the request sent again.
 * @throws ProblemError with the problem of the api; UnreachableError when there is no answer or none of ours.
 */
export async function request<T extends z.ZodType>(call: Call<T>): Promise<z.output<T>> {
  try {
    return await send(call);
  } catch (error) {
    if (!isProblem(error, 'unauthenticated')) throw error;
    await renewSignIn(error);
    return send(call);
  }
}

/** @throws `error` when the person has to sign in; UnreachableError when nobody could be asked. */
async function renewSignIn(error: unknown): Promise<void> {
  const outcome = await refresh();
  if (outcome === 'signed_out') throw error;
  if (outcome === 'unreachable') throw new UnreachableError('the sign-in could not be renewed', { cause: error });
}

/**
 * For answers that are no single JSON value: streams and bytes. Renews the sign-in once as {@link request} does; has no time-out.
 * @param path below `/api/v1`, with its query.
 * @throws as {@link request}; the signal's AbortError.
 */
export async function requestRaw(path: string, init: RequestInit): Promise<Response> {
  const once = async () => {
    const response = await reach(`${API}${path}`, { ...init, credentials: 'same-origin' });
    if (!response.ok && response.status !== 304) throw await readProblem(response);
    return response;
  };
  try {
    return await once();
  } catch (error) {
    if (!isProblem(error, 'unauthenticated')) throw error;
    await renewSignIn(error);
    return once();
  }
}

/**
 * For sockets that were refused or lost, which cannot tell why: asks who is signed in, which renews the sign-in if it has run out.
 * @returns false only when the person has to sign in again.
 */
export async function stillSignedIn(): Promise<boolean> {
  try {
    await request({ path: '/me' });
    return true;
  } catch (error) {
    return !isProblem(error, 'unauthenticated');
  }
}

async function send<T extends z.ZodType>(call: Call<T>): Promise<z.output<T>> {
  const timeout = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT);
  const response = await reach(`${API}${call.path}${queryString(call.query)}`, {
    method: call.method ?? 'GET',
    headers: { accept: 'application/json', ...(call.body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    credentials: 'same-origin',
    signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
  });
  if (!response.ok) throw await readProblem(response);
  if (!call.answer) return undefined as z.output<T>;
  return parse(call.answer, await response.json().catch(() => undefined), call.path);
}

function parse<T extends z.ZodType>(schema: T, value: unknown, path: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ProblemError({
    type: 'about:blank',
    title: 'The bastion answered something this page does not understand',
    status: 502,
    code: 'internal',
    remedy: 'Reload the page; it may be older than the bastion.',
    detail: `${path} ${where}: ${parsed.error.issues[0]?.message ?? 'unknown'}`,
  });
}

async function post(path: string): Promise<Response> {
  return reach(`${API}${path}`, { method: 'POST', credentials: 'same-origin', signal: AbortSignal.timeout(TIMEOUT) });
}

async function reach(address: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(address, options);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new UnreachableError('no answer', { cause });
  }
}

function queryString(query: Call<z.ZodType>['query']): string {
  const set = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return set.length === 0 ? '' : `?${new URLSearchParams(set).toString()}`;
}

/** @returns the address of a WebSocket below `/api/v1`, on the scheme of the page. */
export function socketAddress(path: string): string {
  const address = new URL(`${API}${path}`, location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}
