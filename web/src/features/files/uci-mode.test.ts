import { expect, test } from '@jest/globals';
import { highlightTree, tagHighlighter, tags } from '@lezer/highlight';
import { uciLanguage } from './uci-mode.ts';

const highlighter = tagHighlighter([
  { tag: tags.keyword, class: 'keyword' },
  { tag: tags.propertyName, class: 'name' },
  { tag: tags.string, class: 'value' },
  { tag: tags.comment, class: 'comment' },
  { tag: tags.invalid, class: 'invalid' },
]);

function words(text: string): [string, string][] {
  const found: [string, string][] = [];
  highlightTree(uciLanguage.parser.parse(text), highlighter, (from, to, style) =>
    found.push([text.slice(from, to), style]),
  );
  return found;
}

test('reads configuration as uci does', () => {
  expect(words('config interface \'lan\'\n\toption proto static\n\tlist dns "1.1.1.1" # first\n')).toEqual([
    ['config', 'keyword'],
    ['interface', 'name'],
    ["'lan'", 'value'],
    ['option', 'keyword'],
    ['proto', 'name'],
    ['static', 'value'],
    ['list', 'keyword'],
    ['dns', 'name'],
    ['"1.1.1.1"', 'value'],
    ['# first', 'comment'],
  ]);
});

test('a value may go over lines, and what is no keyword is shown', () => {
  expect(words("option script 'one\ntwo'\nopton x y\n")).toEqual([
    ['option', 'keyword'],
    ['script', 'name'],
    ["'one", 'value'],
    ["two'", 'value'],
    ['opton', 'invalid'],
    ['x', 'name'],
    ['y', 'value'],
  ]);
});
