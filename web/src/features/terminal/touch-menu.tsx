import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { XtermScreen } from './xterm-screen.ts';

interface TouchMenuProps {
  /** Where the finger was, in pixels within the terminal; null: closed. */
  at: { x: number; y: number } | null;
  screen: XtermScreen | undefined;
  onPaste: (() => void) | undefined;
  onClose: () => void;
}

/** Pixels that it needs. */
const WIDTH = 250;
const HEIGHT = 60;
/** Pixels below a finger, where there is no room above it. */
const BELOW = 28;

/** What a long press offers: copy what is selected, select everything, paste. */
export function TouchMenu({ at, screen, onPaste, onClose }: TouchMenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!at) return;
    const outside = (event: Event) => {
      if (!menu.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [at, onClose]);
  if (!at || !screen) return null;
  const act = (work: () => void) => () => {
    work();
    onClose();
  };
  const selected = screen.terminal.hasSelection();
  return (
    <div
      ref={menu}
      className="np-touch-menu"
      role="toolbar"
      aria-label="Selection"
      style={{
        left: `clamp(4px, ${at.x - WIDTH / 2}px, calc(100% - ${WIDTH}px))`,
        top: at.y > HEIGHT + BELOW ? at.y - HEIGHT : at.y + BELOW,
      }}
    >
      {selected && (
        <Button
          size="sm"
          mih={44}
          variant="default"
          onClick={act(
            () => void navigator.clipboard?.writeText(screen.terminal.getSelection()).catch(() => undefined),
          )}
        >
          Copy
        </Button>
      )}
      <Button size="sm" mih={44} variant="default" onClick={() => screen.terminal.selectAll()}>
        Select all
      </Button>
      {onPaste && (
        <Button size="sm" mih={44} variant="default" onClick={act(onPaste)}>
          Paste
        </Button>
      )}
    </div>
  );
}
