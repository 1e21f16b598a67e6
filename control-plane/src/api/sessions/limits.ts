/** How long before a limit its warning is due. */
export const WARNING_MS = 120_000;

export interface SessionLimits {
  readonly idleMs: number;
  readonly lifetimeMs: number;
}

export interface NextLimit {
  readonly limit: 'idle' | 'lifetime';
  /** When the session ends, unless somebody types (idle). */
  readonly at: number;
  /** When to warn; past already when the limit is near. */
  readonly warnAt: number;
}

/** @returns the limit that comes first. Times in milliseconds since the epoch. */
export function nextLimit(limits: SessionLimits, liveAt: number, lastActivityAt: number): NextLimit {
  const idleAt = lastActivityAt + limits.idleMs;
  const lifetimeAt = liveAt + limits.lifetimeMs;
  const at = Math.min(idleAt, lifetimeAt);
  // A limit shorter than the warning is warned of half way.
  const length = idleAt < lifetimeAt ? limits.idleMs : limits.lifetimeMs;
  return { limit: idleAt < lifetimeAt ? 'idle' : 'lifetime', at, warnAt: at - Math.min(WARNING_MS, length / 2) };
}
