import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import { StreamLanguage } from '@codemirror/language';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import type { Extension } from '@codemirror/state';
import { uciLanguage } from './uci-mode.ts';

/** @returns what colours a text: by where it is and what it is called, else by its first line. */
export function languageOf(path: string, text: string): Extension {
  if (path.startsWith('/etc/config/') || path.endsWith('.uci')) return uciLanguage;
  if (/\.(json|webmanifest)$/u.test(path)) return json();
  if (/\.ya?ml$/u.test(path)) return yaml();
  const isShell =
    /\.(sh|bash|ash)$|^\/etc\/(init\.d|profile\.d|hotplug\.d|uci-defaults|rc\.button|rc\.d)\/|\/(rc\.local|profile|\.profile|\.bashrc)$/u;
  if (isShell.test(path) || /^#!.*\b(ba|a|da)?sh\b/u.test(text)) return StreamLanguage.define(shell);
  if (/^\s*(package|config)\s+\S/mu.test(text.slice(0, 2_000))) return uciLanguage;
  return [];
}
