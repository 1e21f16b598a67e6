import type { Readable, Writable } from 'node:stream';

/** Hands on everything from `source` to `target`, in order, each chunk `delayMs` after it came; test kernels may lack netem. */
export function relayLate(source: Readable, target: Writable, delayMs: number): void {
  if (delayMs === 0) return void source.pipe(target);
  const timers = new Set<NodeJS.Timeout>();
  const later = (act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!target.destroyed) act();
    }, delayMs);
    timers.add(timer);
  };
  source.on('data', (chunk: Buffer) => later(() => target.write(chunk)));
  source.once('end', () => later(() => target.end()));
  target.once('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });
}
