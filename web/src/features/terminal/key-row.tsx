import { IconArrowDown, IconArrowLeft, IconArrowRight, IconArrowUp, IconClipboard } from '@tabler/icons-react';
import type { PointerEvent, ReactNode } from 'react';
import type { Modifiers, SoftKey } from './keys.ts';

interface KeyRowProps {
  held: Modifiers;
  onHold: (held: Modifiers) => void;
  onKey: (key: SoftKey) => void;
  onText: (text: string) => void;
  onPaste: () => void;
}

const TEXT_KEYS = [
  ['|', 'Pipe'],
  ['/', 'Slash'],
  ['-', 'Dash'],
  ['~', 'Tilde'],
] as const;

/** The keys that a phone's keyboard does not have. Modifiers hold for one key. */
export function KeyRow({ held, onHold, onKey, onText, onPaste }: KeyRowProps) {
  return (
    <div className="np-keys" role="toolbar" aria-label="Terminal keys">
      <Key label="Escape" onPress={() => onKey('Escape')}>
        Esc
      </Key>
      <Key label="Tab" onPress={() => onKey('Tab')}>
        Tab
      </Key>
      <Key label="Control" pressed={held.ctrl} onPress={() => onHold({ ...held, ctrl: !held.ctrl })}>
        Ctrl
      </Key>
      <Key label="Alt" pressed={held.alt} onPress={() => onHold({ ...held, alt: !held.alt })}>
        Alt
      </Key>
      <Key label="Left" onPress={() => onKey('ArrowLeft')}>
        <IconArrowLeft size={20} aria-hidden />
      </Key>
      <Key label="Up" onPress={() => onKey('ArrowUp')}>
        <IconArrowUp size={20} aria-hidden />
      </Key>
      <Key label="Down" onPress={() => onKey('ArrowDown')}>
        <IconArrowDown size={20} aria-hidden />
      </Key>
      <Key label="Right" onPress={() => onKey('ArrowRight')}>
        <IconArrowRight size={20} aria-hidden />
      </Key>
      {TEXT_KEYS.map(([text, label]) => (
        <Key key={text} label={label} onPress={() => onText(text)}>
          {text}
        </Key>
      ))}
      <Key label="Paste" onPress={onPaste}>
        <IconClipboard size={20} aria-hidden />
      </Key>
    </div>
  );
}

interface KeyProps {
  label: string;
  pressed?: boolean;
  onPress: () => void;
  children: ReactNode;
}

// Taking the focus would close the phone's keyboard at each key.
const keepFocus = (event: PointerEvent) => event.preventDefault();

function Key({ label, pressed, onPress, children }: KeyProps) {
  return (
    <button
      type="button"
      className="np-key"
      aria-label={label}
      aria-pressed={pressed}
      onPointerDown={keepFocus}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onPress}
    >
      {children}
    </button>
  );
}
