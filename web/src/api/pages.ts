import type { InfiniteData } from '@tanstack/react-query';
import type { Page } from './calls.ts';

export type Pages<T> = InfiniteData<Page<T>, string | undefined>;

/** @returns all items loaded so far, each once: a list that grew between two pages repeats items. */
export function itemsOf<T>(data: Pages<T> | undefined, identify: (item: T) => string): T[] {
  const seen = new Map<string, T>();
  for (const page of data?.pages ?? []) {
    for (const item of page.items) if (!seen.has(identify(item))) seen.set(identify(item), item);
  }
  return [...seen.values()];
}

/** @returns true when an item of `data` matches. */
export function contains<T>(data: Pages<T> | undefined, match: (item: T) => boolean): boolean {
  return data?.pages.some((page) => page.items.some(match)) ?? false;
}

/** @returns `data` with each item replaced by `change(item)`, or left out where that is null; the same object when nothing changed. */
export function changeItems<T>(data: Pages<T>, change: (item: T) => T | null): Pages<T> {
  let changed = false;
  const pages = data.pages.map((page) => {
    const items: T[] = [];
    let pageChanged = false;
    for (const item of page.items) {
      const next = change(item);
      if (next !== item) pageChanged = true;
      if (next !== null) items.push(next);
    }
    if (!pageChanged) return page;
    changed = true;
    return { ...page, items };
  });
  return changed ? { ...data, pages } : data;
}
