import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** Colours by the variables of the theme, so that dark and light are one definition; each reads at 4.5:1 on its surface. */
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--mantine-color-anchor)', fontWeight: '600' },
  { tag: [tags.propertyName, tags.variableName, tags.typeName], color: 'var(--np-warn)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--np-good)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--mantine-color-anchor)' },
  { tag: tags.comment, color: 'var(--np-idle)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--np-bad)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '14px', backgroundColor: 'var(--np-surface)', color: 'var(--mantine-color-text)' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.5', overflow: 'auto' },
  '.cm-gutters': {
    backgroundColor: 'var(--np-surface)',
    color: 'var(--mantine-color-dimmed)',
    borderRight: '1px solid var(--np-line)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--np-info-soft)' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--mantine-color-anchor) 28%, transparent) !important',
  },
  '.cm-specialChar': { color: 'var(--np-bad)' },
  '.cm-panels': { backgroundColor: 'var(--mantine-color-body)', color: 'var(--mantine-color-text)' },
  '.cm-changedText': { background: 'color-mix(in srgb, var(--np-warn) 30%, transparent) !important' },
  '.cm-changedLine': { backgroundColor: 'var(--np-warn-soft) !important' },
});

/** What every editor of ours has, without its language and its keys of its own. */
export function editorSetup(lineSeparator: string, label: string): Extension {
  return [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightSpecialChars(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    indentOnInput(),
    bracketMatching(),
    syntaxHighlighting(colours),
    look,
    EditorState.lineSeparator.of(lineSeparator),
    EditorState.tabSize.of(4),
    // What can be edited is in the order of the keyboard anyway; said so, tools that check for it see it too.
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, indentWithTab]),
  ];
}
