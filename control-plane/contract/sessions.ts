import { z } from 'zod';
import { Id, Instant } from './identifiers.ts';
import { Watcher } from './oversight.ts';

export const SESSION_STATES = ['requested', 'queued', 'starting', 'connecting', 'live', 'ending', 'ended'] as const;
export const SessionState = z.enum(SESSION_STATES);
export type SessionState = z.infer<typeof SessionState>;

export const END_REASONS = [
  'user',
  'idle',
  'lifetime',
  'admin',
  'lock',
  'access_lost',
  'abandoned',
  'router_lost',
  'router_refused',
  'host_key_changed',
  'sandbox_lost',
  'start_failed',
  'shutdown',
] as const;
export const EndReason = z.enum(END_REASONS);
export type EndReason = z.infer<typeof EndReason>;

export const QueuePlace = z.strictObject({
  /** 1 is next. */
  position: z.int().min(1),
  /** Honest estimate in seconds from recent waits; null while there is nothing to estimate from. */
  estimateSeconds: z.number().min(0).nullable(),
});
export type QueuePlace = z.infer<typeof QueuePlace>;

export const Session = z.strictObject({
  id: Id,
  organisationId: Id,
  routerId: Id.nullable(),
  routerName: z.string(),
  userId: Id,
  userName: z.string(),
  state: SessionState,
  queue: QueuePlace.nullable(),
  endReason: EndReason.nullable(),
  /** The technical detail of an end, in words; never a secret. */
  endDetail: z.string().nullable(),
  /** While live: since when the router is lost and until when the session waits for it. */
  reconnecting: z.strictObject({ since: Instant, until: Instant }).nullable(),
  /** What comes next for want of input or time, once its warning is due: the screen is locked, or the session ends. */
  warning: z.strictObject({ limit: z.enum(['screen_lock', 'idle', 'lifetime']), at: Instant }).nullable(),
  /** Since when the screen is hidden, until a fresh sign-in shows it to the browser that did it; null while this reader may see it. */
  screenLockedAt: Instant.nullable(),
  /** Input of the person is held back; output goes on. */
  paused: z.strictObject({ by: z.string(), since: Instant }).nullable(),
  /** The last word of an administrator to the person. */
  message: z.strictObject({ from: z.string(), text: z.string(), at: Instant }).nullable(),
  /** Who watches or has joined, as far as this reader is told. */
  watchers: z.array(Watcher).max(64),
  /** Bytes carried for the session by this process, both ways. */
  bytes: z.int().min(0),
  createdAt: Instant,
  liveAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  lastActivityAt: Instant.nullable(),
});
export type Session = z.infer<typeof Session>;

export const SessionInput = z.strictObject({ routerId: Id });
export type SessionInput = z.infer<typeof SessionInput>;

export const TerminalSize = z.strictObject({
  cols: z.int().min(1).max(1_000),
  rows: z.int().min(1).max(1_000),
});
export type TerminalSize = z.infer<typeof TerminalSize>;

/** Terminals one session may hold at once. */
export const TERMINALS_PER_SESSION = 16;

export const Terminal = z.strictObject({
  id: z.int().min(1),
  ...TerminalSize.shape,
  title: z.string(),
  createdAt: Instant,
  /** Bytes of output so far; only grows. */
  offset: z.int().min(0),
  attached: z.boolean(),
  exit: z.strictObject({ code: z.int().nullable(), signal: z.string().nullable() }).nullable(),
});
export type Terminal = z.infer<typeof Terminal>;

/** A terminal as pages list it. */
export const ListedTerminal = Terminal.extend({
  /** What ran last, as far as a prompt was recognised before it; text of the router's, made printable. */
  ran: z.string().max(100).nullable(),
  lastOutputAt: Instant.nullable(),
  lastInputAt: Instant.nullable(),
  /** Name of who drives it; null when nobody does. */
  driver: z.string().nullable(),
  /** Pages that follow. */
  followers: z.int().min(0),
  /** Since when no page of its person shows it; null while one does. */
  detachedSince: Instant.nullable(),
});
export type ListedTerminal = z.infer<typeof ListedTerminal>;

export const ExecInput = z.strictObject({
  command: z.string().min(1).max(64_000),
  timeoutSeconds: z.int().min(1).max(600).default(30),
  /** Bound for stdout and stderr together; past it the command is ended and `truncated` is true. */
  maxBytes: z.int().min(1).max(8_388_608).default(1_048_576),
});
export type ExecInput = z.input<typeof ExecInput>;

export const ExecResult = z.strictObject({
  /** Text when it is valid UTF-8, else base64; `encoding` says which. */
  stdout: z.string(),
  stderr: z.string(),
  encoding: z.enum(['utf-8', 'base64']),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  truncated: z.boolean(),
  timedOut: z.boolean(),
  milliseconds: z.number(),
});
export type ExecResult = z.infer<typeof ExecResult>;
