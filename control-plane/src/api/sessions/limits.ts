/** How long before a limit its warning is due. */
export const WARNING_MS = 120_000;

export interface SessionLimits {
  /** Without input for this long the screen is locked; as long as `idleMs` or longer: never. */
  readonly screenLockMs: number;
  /** Without input for this long the session ends. */
  readonly idleMs: number;
  readonly lifetimeMs: number;
}

export type Limit = 'screen_lock' | 'idle' | 'lifetime';

export interface NextLimit {
  readonly limit: Limit;
  /** When it is reached, unless somebody types (screen lock and idle). */
  readonly at: number;
  /** When to warn; past already when the limit is near. */
  readonly warnAt: number;
}

/**
 * @param screenLocked whether the screen has been locked since the last activity.
 * @returns the limit that comes first. Times in milliseconds, of whatever clock `liveAt` and `lastActivityAt` are of.
 */
export function nextLimit(
  limits: SessionLimits,
  liveAt: number,
  lastActivityAt: number,
  screenLocked: boolean,
): NextLimit {
  const { screenLockMs, idleMs, lifetimeMs } = limits;
  const locks = screenLockMs < idleMs;
  const lifetime = { limit: 'lifetime', at: liveAt + lifetimeMs, length: lifetimeMs } as const;
  const idle = { limit: 'idle', at: lastActivityAt + idleMs, length: locks ? idleMs - screenLockMs : idleMs } as const;
  const lock = { limit: 'screen_lock', at: lastActivityAt + screenLockMs, length: screenLockMs } as const;
  const rest = locks && !screenLocked ? lock : idle;
  const { limit, at, length } = rest.at < lifetime.at ? rest : lifetime;
  // A limit shorter than the warning is warned of half way.
  return { limit, at, warnAt: at - Math.min(WARNING_MS, length / 2) };
}
