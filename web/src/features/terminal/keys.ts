/** Keys of the row below the terminal on a phone. */
export type SoftKey = 'Escape' | 'Tab' | 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight' | 'Home' | 'End';

/** Modifiers held by a tap; both fall off after the next key. */
export interface Modifiers {
  ctrl: boolean;
  alt: boolean;
}

export const NO_MODIFIERS: Modifiers = { ctrl: false, alt: false };

const ESC = '\u001b';
const CURSOR: Partial<Record<SoftKey, string>> = {
  ArrowUp: 'A',
  ArrowDown: 'B',
  ArrowRight: 'C',
  ArrowLeft: 'D',
  Home: 'H',
  End: 'F',
};

/**
 * @param applicationCursor whether the program asked for application cursor keys (DECCKM).
 * @returns the bytes that xterm sends for the key, with modifiers as its parameter (1 + alt 2 + ctrl 4).
 */
export function softKeyInput(key: SoftKey, held: Modifiers, applicationCursor: boolean): string {
  if (key === 'Escape') return held.alt ? ESC + ESC : ESC;
  if (key === 'Tab') return held.alt ? `${ESC}\t` : '\t';
  const letter = CURSOR[key] ?? '';
  const parameter = 1 + (held.alt ? 2 : 0) + (held.ctrl ? 4 : 0);
  if (parameter > 1) return `${ESC}[1;${parameter}${letter}`;
  return ESC + (applicationCursor ? 'O' : '[') + letter;
}

/** @returns `data` as if the modifiers were held: the first character becomes a control character and gets an escape in front. */
export function withModifiers(data: string, held: Modifiers): string {
  const first = data.charAt(0);
  if (first === '' || first === ESC) return data;
  const controlled = held.ctrl ? controlCharacter(first) : first;
  return (held.alt ? ESC : '') + controlled + data.slice(1);
}

function controlCharacter(character: string): string {
  if (character === ' ') return '\u0000';
  if (character === '?') return '\u007f';
  const code = character.toUpperCase().charCodeAt(0);
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : character;
}
