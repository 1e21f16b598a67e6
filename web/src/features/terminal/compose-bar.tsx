import { ActionIcon } from '@mantine/core';
import { IconSend2 } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';

/**
 * A real text field for phones: predictive keyboards replace words behind the cursor, which a terminal cannot follow. The line is sent
 * as a whole; an empty one sends Enter.
 */
export function ComposeBar({ onSend }: { onSend: (text: string) => void }) {
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend(`${text.replaceAll(/[\r\n]/gu, ' ')}\r`);
    setText('');
  };
  return (
    <form className="np-compose" onSubmit={submit}>
      <input
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
