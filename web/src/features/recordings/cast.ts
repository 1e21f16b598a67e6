import { z } from 'zod';

const Header = z.object({
  version: z.literal(2),
  width: z.int().min(1).max(1_000),
  height: z.int().min(1).max(1_000),
});
const Event = z.tuple([z.number().min(0), z.enum(['o', 'i', 'r', 'm']), z.string()]);
export type CastEvent = z.infer<typeof Event>;

/** A recording as it can be played. */
export interface Cast {
  readonly cols: number;
  readonly rows: number;
  readonly events: readonly CastEvent[];
  /** Seconds, of the clock that was recorded. */
  readonly duration: number;
}

/** Something that is no recording. */
export class CastError extends Error {
  override name = 'CastError';
}

/**
 * Reads an asciicast v2; lines that are no events are left out, and time never runs back.
 * @throws CastError without a header.
 */
export function parseCast(text: string): Cast {
  const end = text.indexOf('\n');
  const header = Header.safeParse(parse(text.slice(0, end === -1 ? undefined : end)));
  if (!header.success) throw new CastError('This is no recording.');
  const events: CastEvent[] = [];
  let duration = 0;
  for (let at = end + 1; at > 0 && at < text.length;) {
    const feed = text.indexOf('\n', at);
    const event = Event.safeParse(parse(text.slice(at, feed === -1 ? undefined : feed)));
    if (event.success) {
      const [seconds, code, data] = event.data;
      duration = Math.max(duration, seconds);
      events.push([duration, code, data]);
    }
    at = feed === -1 ? text.length : feed + 1;
  }
  return { cols: header.data.width, rows: header.data.height, events, duration };
}

/** A recording with its idle time taken out, and the way between both clocks. */
export interface Playable {
  readonly events: readonly CastEvent[];
  /** Seconds of the player for seconds of the recording. */
  played(recorded: number): number;
  /** Seconds of the recording for seconds of the player. */
  recorded(played: number): number;
}

/** @param limit longest pause, in seconds; null leaves them all. */
export function withoutIdle({ events }: Pick<Cast, 'events'>, limit: number | null): Playable {
  if (limit === null) return { events, played: (seconds) => seconds, recorded: (seconds) => seconds };
  let before = 0;
  let clock = 0;
  const times: [recorded: number, played: number][] = [[0, 0]];
  const shortened = events.map(([seconds, code, data]): CastEvent => {
    clock += Math.min(limit, seconds - before);
    before = seconds;
    times.push([seconds, clock]);
    return [clock, code, data];
  });
  return {
    events: shortened,
    played: (seconds) => translate(times, 0, seconds, limit),
    recorded: (seconds) => translate(times, 1, seconds, Number.POSITIVE_INFINITY),
  };
}

/** Finds the event at or before a time on one clock, and adds what is left on the other. */
function translate(times: readonly [number, number][], from: 0 | 1, seconds: number, longest: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((times[middle]?.[from] ?? 0) <= seconds) low = middle;
    else high = middle - 1;
  }
  const place = times[low] ?? [0, 0];
  const next = times[low + 1];
  const to = from === 0 ? 1 : 0;
  const passed = Math.min(seconds - place[from], longest);
  return Math.min(place[to] + passed, next?.[to] ?? Number.POSITIVE_INFINITY);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
