import { ActionIcon } from '@mantine/core';
import { IconSend2 } from '@tabler/icons-react';
import { type FormEvent, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { commandLine, hasSmartPunctuation } from './compose-text.ts';

/**
 * A real text field for phones: predictive keyboards replace words behind the cursor, which a terminal cannot follow. The line is sent
 * as a whole; an empty one sends Enter.
 */
export function ComposeBar({ onSend }: { onSend: (text: string) => void }) {
  const [text, setText] = useState('');
  // A keyboard that was still composing a word would put it back into a field that is merely emptied: it gets a new one.
  const [field, setField] = useState(0);
  const composing = useRef(false);
  const input = useRef<HTMLInputElement>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const composed = composing.current;
    composing.current = false;
    onSend(`${commandLine(text, hasSmartPunctuation(navigator))}\r`);
    flushSync(() => {
      setText('');
      if (composed) setField(field + 1);
    });
    if (composed) input.current?.focus();
  };
  return (
    <form className="np-compose" onSubmit={submit}>
      <input
        key={field}
        ref={input}
        onCompositionStart={() => (composing.current = true)}
        onCompositionEnd={() => (composing.current = false)}
        aria-label="Command line"
        placeholder="Type a command"
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        autoCapitalize="none"
        autoCorrect="off"
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="send"
        inputMode="text"
      />
      <ActionIcon
        type="submit"
        size={44}
        radius="md"
        aria-label="Send line"
        onMouseDown={(event) => event.preventDefault()}
      >
        <IconSend2 size={20} aria-hidden />
      </ActionIcon>
    </form>
  );
}
