import { MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { type RefObject, useEffect, useRef } from 'react';
import { editorSetup } from './editor-setup.ts';
import type { DecodedText } from './text-encoding.ts';

interface MergeDialogProps {
  mine: string;
  /** What is on the router now; null when it is gone, or no text any more. */
  theirs: DecodedText | null;
  gone: boolean;
  saving: boolean;
  lineSeparator: string;
  onClose: () => void;
  /** Saves the text over what is on the router now. */
  onSave: (merged: string) => void;
  /** Throws away what is here and shows what is on the router. */
  onTake: () => void;
}

/** The three ways out when a file was changed by two: theirs, mine, or what the person makes of both. */
export function MergeDialog({ mine, theirs, gone, saving, lineSeparator, onClose, onSave, onTake }: MergeDialogProps) {
  const right = useRef<EditorView | null>(null);
  // Two columns need the width of a desk; else it is one text with both in it.
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  const how = narrow
    ? 'Yours, with what is on the router now where it differs. Take or keep each place, or write in it.'
    : 'Left is what is on the router now, right is yours. Take over with the arrows what you want to keep, or write in the right one.';
  return (
    <Modal
      opened
      onClose={onClose}
      size="min(1100px, 96vw)"
      title={<Text fw={650}>{gone ? 'The file is gone' : 'The file was changed meanwhile'}</Text>}
    >
      <Stack>
        <Text size="sm">
          {gone
            ? 'Somebody deleted it on the router after you opened it.'
            : theirs === null
              ? 'What is on the router now is no text. You can put yours in its place.'
              : how}
        </Text>
        {theirs !== null && (
          <MergeEditors mine={mine} theirs={theirs.text} narrow={narrow} lineSeparator={lineSeparator} view={right} />
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" mih={44} onClick={onClose}>
            Go on editing
          </Button>
          {!gone && (
            <Button variant="default" mih={44} onClick={onTake}>
              Take the router’s
            </Button>
          )}
          <Button mih={44} loading={saving} onClick={() => onSave(right.current?.state.sliceDoc() ?? mine)}>
            {theirs === null ? 'Save mine' : narrow ? 'Save this' : 'Save what is right'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Both texts, side by side or in one; a component of its own, as a dialog has no place for it before it is open. */
function MergeEditors({
  mine,
  theirs,
  narrow,
  lineSeparator,
  view,
}: {
  mine: string;
  theirs: string;
  narrow: boolean;
  lineSeparator: string;
  /** The editor that holds what will be saved. */
  view: RefObject<EditorView | null>;
}) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const parent = host.current;
    const setup = (label: string) => [editorSetup(lineSeparator, label), EditorView.lineWrapping];
    const merge = (narrow ? inOne : sideBySide)(parent, mine, theirs, setup);
    view.current = merge.right;
    return () => {
      view.current = null;
      merge.destroy();
    };
  }, [mine, theirs, narrow, lineSeparator, view]);
  return <div ref={host} className="np-merge" />;
}

/** The editor that holds what will be saved, and what ends all of them. */
interface Merge {
  readonly right: EditorView;
  destroy(): void;
}

type Setup = (label: string) => Extension;

function sideBySide(parent: HTMLElement, mine: string, theirs: string, setup: Setup): Merge {
  const merge = new MergeView({
    parent,
    a: { doc: theirs, extensions: [setup('On the router'), EditorState.readOnly.of(true)] },
    b: { doc: mine, extensions: setup('Yours') },
    revertControls: 'a-to-b',
    highlightChanges: true,
    gutter: true,
  });
  return { right: merge.b, destroy: () => merge.destroy() };
}

function inOne(parent: HTMLElement, mine: string, theirs: string, setup: Setup): Merge {
  const mergeControls = (kind: 'accept' | 'reject', act: (event: MouseEvent) => void) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = kind === 'accept' ? 'Keep mine' : 'Take the router’s';
    button.addEventListener('click', act);
    return button;
  };
  const extensions = [setup('Yours'), unifiedMergeView({ original: theirs, mergeControls })];
  const right = new EditorView({ parent, state: EditorState.create({ doc: mine, extensions }) });
  return { right, destroy: () => right.destroy() };
}
