import { useInterval } from '@mantine/hooks';
import { useState } from 'react';
import { relative, remaining } from './words-for-time.ts';

/** The present in milliseconds, again every `every` milliseconds. */
export function useNow(every = 1_000): number {
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), every, { autoInvoke: true });
  return now;
}

/** `3 minutes ago`, kept right, with the exact time on hover. */
export function Ago({ at }: { at: string }) {
  const now = useNow(15_000);
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {relative(Date.parse(at), now)}
    </time>
  );
}

/** `4:05` until `at`, counted down each second; `0:00` afterwards. Nobody has each second of it read out. */
export function Countdown({ at }: { at: string }) {
  const now = useNow(500);
  return (
    <time role="timer" dateTime={at} style={{ fontVariantNumeric: 'tabular-nums' }}>
      {remaining(Date.parse(at) - now)}
    </time>
  );
}
