import { describe, expect, it } from '@jest/globals';
import { NO_MODIFIERS, softKeyInput, withModifiers } from './keys.ts';

describe('the key row', () => {
  it('sends what a keyboard sends', () => {
    expect(softKeyInput('Escape', NO_MODIFIERS, false)).toBe('\u001b');
    expect(softKeyInput('Tab', NO_MODIFIERS, false)).toBe('\t');
    expect(softKeyInput('ArrowUp', NO_MODIFIERS, false)).toBe('\u001b[A');
    expect(softKeyInput('ArrowLeft', NO_MODIFIERS, true)).toBe('\u001bOD');
    expect(softKeyInput('ArrowRight', { ctrl: true, alt: false }, true)).toBe('\u001b[1;5C');
    expect(softKeyInput('ArrowDown', { ctrl: true, alt: true }, false)).toBe('\u001b[1;7B');
  });

  it('turns the next character into a control character', () => {
    const ctrl = { ctrl: true, alt: false };
    expect(withModifiers('c', ctrl)).toBe('\u0003');
    expect(withModifiers('D', ctrl)).toBe('\u0004');
    expect(withModifiers('[', ctrl)).toBe('\u001b');
    expect(withModifiers(' ', ctrl)).toBe('\u0000');
    expect(withModifiers('1', ctrl)).toBe('1');
    expect(withModifiers('b', { ctrl: false, alt: true })).toBe('\u001bb');
    expect(withModifiers('', ctrl)).toBe('');
    expect(withModifiers('c', NO_MODIFIERS)).toBe('c');
  });
});
