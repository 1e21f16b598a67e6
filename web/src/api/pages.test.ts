import { describe, expect, it } from '@jest/globals';
import { changeItems, contains, itemsOf, type Pages } from './pages.ts';

const pages: Pages<{ id: string; at: number }> = {
  pageParams: [undefined, 'c'],
  pages: [
    {
      items: [
        { id: 'a', at: 1 },
        { id: 'b', at: 1 },
      ],
      nextCursor: 'c',
    },
    {
      items: [
        { id: 'b', at: 0 },
        { id: 'c', at: 1 },
      ],
      nextCursor: null,
    },
  ],
};

describe('lists that come in pages', () => {
  it('show each item once, as it came first', () => {
    expect(itemsOf(pages, ({ id }) => id)).toEqual([
      { id: 'a', at: 1 },
      { id: 'b', at: 1 },
      { id: 'c', at: 1 },
    ]);
    expect(itemsOf(undefined, ({ id }: { id: string }) => id)).toEqual([]);
  });

  it('replace and remove items without touching other pages', () => {
    const changed = changeItems(pages, (item) => (item.id === 'c' ? null : item));
    expect(changed.pages[1]?.items.map(({ id }) => id)).toEqual(['b']);
    expect(changed.pages[0]).toBe(pages.pages[0]);
    expect(contains(changed, ({ id }) => id === 'c')).toBe(false);
  });

  it('stay the same object when nothing changes, so that nothing is drawn again', () => {
    expect(changeItems(pages, (item) => item)).toBe(pages);
  });
});
