import { MergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
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
  const host = useRef<HTMLDivElement>(null);
  const merge = useRef<MergeView | null>(null);
  const other = theirs?.text;
  useEffect(() => {
    if (other === undefined || host.current === null) return;
    const view = new MergeView({
      parent: host.current,
      a: {
        doc: other,
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
    merge.current = view;
    return () => view.destroy();
  }, [mine, other, lineSeparator]);
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
        {other !== undefined && <div ref={host} className="np-merge" />}
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
            {other === undefined ? 'Save mine' : 'Save what is right'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
