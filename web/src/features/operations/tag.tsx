import type { ReactNode } from 'react';
import type { Tone } from '../../shell/state-dot.tsx';

/** A word or two beside a name; its colour only repeats what it says. */
export function Tag({ tone = 'idle', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className="np-tag" data-tone={tone}>
      {children}
    </span>
  );
}
