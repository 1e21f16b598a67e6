import { type RefObject, useEffect } from 'react';

/** Keeps an element within what the on-screen keyboard leaves visible; without a visual viewport it keeps the whole screen. */
export function useVisibleViewport(element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const follow = () => {
      // Zoomed in by hand: then the person moves the view, and following would fight them.
      if (viewport.scale > 1.01) return;
      element.current?.style.setProperty('--np-viewport-height', `${viewport.height}px`);
      element.current?.style.setProperty('--np-viewport-top', `${viewport.offsetTop}px`);
    };
    follow();
    viewport.addEventListener('resize', follow);
    viewport.addEventListener('scroll', follow);
    return () => {
      viewport.removeEventListener('resize', follow);
      viewport.removeEventListener('scroll', follow);
    };
  }, [element]);
}
