import { MergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
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
  const merge = useRef<MergeView | null>(null);
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
              : 'Left is what is on the router now, right is yours. Take over with the arrows what you want to keep, or write in the right one.'}
        </Text>
        {theirs !== null && (
          <MergeEditors mine={mine} theirs={theirs.text} lineSeparator={lineSeparator} view={merge} />
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
          <Button mih={44} loading={saving} onClick={() => onSave(merge.current?.b.state.sliceDoc() ?? mine)}>
            {theirs === null ? 'Save mine' : 'Save what is right'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Both texts side by side; a component of its own, as a dialog has no place for it before it is open. */
function MergeEditors({
  mine,
  theirs,
  lineSeparator,
  view,
}: {
  mine: string;
  theirs: string;
  lineSeparator: string;
  view: RefObject<MergeView | null>;
}) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const merge = new MergeView({
      parent: host.current,
      a: {
        doc: theirs,
        extensions: [
          editorSetup(lineSeparator, 'On the router'),
          EditorState.readOnly.of(true),
          EditorView.lineWrapping,
        ],
      },
      b: { doc: mine, extensions: [editorSetup(lineSeparator, 'Yours'), EditorView.lineWrapping] },
      revertControls: 'a-to-b',
      highlightChanges: true,
      gutter: true,
    });
    view.current = merge;
    return () => {
      view.current = null;
      merge.destroy();
    };
  }, [mine, theirs, lineSeparator, view]);
  return <div ref={host} className="np-merge" />;
}
