import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { cleanPaste } from './paste.ts';

/** Characters of a paste that are shown. */
const PREVIEW = 4_000;

interface PasteDialogProps {
  /** Cleaned text to confirm; an empty text asks for one, where the browser does not let a page read the clipboard. */
  text: string | null;
  onClose: () => void;
  onPaste: (cleaned: string) => void;
}

/** Shows what a paste would type before it is typed. */
export function PasteDialog({ text, onClose, onPaste }: PasteDialogProps) {
  return (
    <Modal opened={text !== null} onClose={onClose} size="lg" title={<Text fw={650}>Paste into the terminal?</Text>}>
      {text !== null && <Question text={text} onClose={onClose} onPaste={onPaste} />}
    </Modal>
  );
}

function Question({ text, onClose, onPaste }: PasteDialogProps & { text: string }) {
  const [typed, setTyped] = useState('');
  const asking = text === '';
  const cleaned = asking ? cleanPaste(typed) : text;
  const lines = cleaned.replace(/\n$/u, '').split('\n').length;
  return (
    <Stack>
      <Text size="sm">
        {asking
          ? 'This browser does not let the page read the clipboard. Paste here first:'
          : `${lines === 1 ? 'One line' : `${lines} lines`}, ${cleaned.length.toLocaleString()} characters. Each line end runs what stands before it.`}
      </Text>
      {asking ? (
        <Textarea
          aria-label="Text to paste"
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          autosize
          minRows={4}
          maxRows={12}
          data-autofocus
        />
      ) : (
        <pre
          className="np-line"
          style={{ maxHeight: 260, overflow: 'auto', margin: 0 }}
          tabIndex={0}
          aria-label="Text to paste"
          role="region"
        >
          {text.slice(0, PREVIEW)}
          {text.length > PREVIEW && '\n…'}
        </pre>
      )}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" mih={44} onClick={onClose}>
          Cancel
        </Button>
        <Button
          mih={44}
          disabled={cleaned === ''}
          data-autofocus={asking ? undefined : true}
          onClick={() => {
            onPaste(cleaned);
            onClose();
          }}
        >
          Paste
        </Button>
      </Group>
    </Stack>
  );
}
