import { useCallback, useMemo, useState } from 'react';

/** What is selected in a list, and where the keyboard is; keys of entries that are gone do not count. */
export interface Selection {
  readonly selected: ReadonlySet<string>;
  readonly active: number;
  /** Puts the keyboard on a row, which is then the only one selected. */
  choose: (index: number) => void;
  /** Moves the keyboard without a change of what is selected. */
  point: (index: number) => void;
  toggle: (index: number) => void;
  /** Selects from the row where the selection began to this one. */
  extend: (index: number) => void;
  all: () => void;
  none: () => void;
}

/** @param keys of the rows in the order shown. @param place changes when another folder is shown, where nothing is selected yet. */
export function useSelection(keys: readonly string[], place: string): Selection {
  const [state, setState] = useState<State>(() => fresh(place));
  const current = state.place === place ? state : fresh(place);
  const known = useMemo(() => new Set(keys), [keys]);
  const selected = useMemo(
    () => new Set([...current.selected].filter((key) => known.has(key))),
    [current.selected, known],
  );
  const change = useCallback(
    (next: (now: State) => Partial<State>) =>
      setState((before) => {
        const now = before.place === place ? before : fresh(place);
        return { ...now, ...next(now) };
      }),
    [place],
  );
  return {
    selected,
    active: Math.min(current.active, keys.length - 1),
    choose: (index) =>
      change(() => ({ active: index, anchor: index, selected: new Set(keys.slice(index, index + 1)) })),
    point: (index) => change(() => ({ active: index })),
    toggle: (index) =>
      change((now) => {
        const next = new Set(now.selected);
        const key = keys[index] ?? '';
        if (!next.delete(key)) next.add(key);
        return { active: index, anchor: index, selected: next };
      }),
    extend: (index) =>
      change((now) => {
        const [from, to] = now.anchor < index ? [now.anchor, index] : [index, now.anchor];
        return { active: index, selected: new Set(keys.slice(Math.max(0, from), to + 1)) };
      }),
    all: () => change(() => ({ selected: new Set(keys) })),
    none: () => change(() => ({ selected: new Set() })),
  };
}

interface State {
  readonly place: string;
  readonly active: number;
  readonly anchor: number;
  readonly selected: ReadonlySet<string>;
}

function fresh(place: string): State {
  return { place, active: 0, anchor: 0, selected: new Set() };
}
